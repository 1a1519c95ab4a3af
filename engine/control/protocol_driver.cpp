// SPDX-License-Identifier: Apache-2.0
#include "control/protocol_driver.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

namespace arpline {
namespace {

constexpr Duration kInsideRetry = 5ms;
constexpr Duration kInsidePatience = 1s;    // after that the worker sends the frame
constexpr Duration kParentAddresses = 10s;  // before the parent's addresses are read again
constexpr Duration kDisputeLine = 1s;       // between two log lines about disputed gateways
constexpr std::size_t kInsideAtOnce = 4096;

// In mode observe nothing is sent, so no endpoint may wait for an announcement to be sent.
Protocol::Settings settings_of(const Config& config, const ParentConfig& own) {
  return {.announce = config.announce,
          .on_conflict = config.mode == Mode::observe ? OnConflict::alert : config.on_conflict,
          .probe = config.probe,
          .path_probe = own.path_probe};
}

// All static endpoints count as one namespace's.
NetnsKey owner_of(const Desired& desired) {
  return desired.settings ? static_cast<NetnsKey>(desired.settings->nsid) + 1 : 0;
}

AnnouncedEndpoint subject_of(const Desired& desired) {
  return {.mac = desired.word & ARPL_MAC_MASK,
          .address = desired.key.address,
          .vlan = desired.key.vlan,
          .announceable = desired.announceable,
          .vepa = desired.vepa,
          .owner = owner_of(desired)};
}

// Only for ARPL_EVENT_CLAIM_*.
bool was_dropped(const arpl_event& event) {
  return event.type == ARPL_EVENT_CLAIM_DROPPED;
}

}  // namespace

ProtocolDriver::ProtocolDriver(const Config& config, const ParentConfig& own, const Maps& maps,
                               const EndpointRegistry& registry, OpenNetns open)
    : ProtocolDriver(config, own,
                     std::make_unique<Protocol>(
                         settings_of(config, own),
                         ProtocolTables{.slots = maps.slots(), .stats = maps.stats(), .limits = &maps.limits()},
                         std::random_device{}()),
                     registry, std::make_unique<KernelHost>(std::move(open))) {}

ProtocolDriver::ProtocolDriver(const Config& config, const ParentConfig& own,
                               std::unique_ptr<Machines> machines, const EndpointRegistry& registry,
                               std::unique_ptr<DriverHost> host)
    : parent_(own.name),
      registry_(registry),
      host_(std::move(host)),
      machines_(std::move(machines)),
      gateways_(*host_) {
  set(config, own, host_->now());
}

void ProtocolDriver::set(const Config& config, const ParentConfig& own, Instant now) {
  machines_->set(settings_of(config, own), now);
  gateways_.configure(own.gateways, own.path_probe != 0s, now);
  announce_ = {.on_conflict = std::string{on_conflict_name(config.on_conflict)},
               .refresh_seconds = in_seconds(config.announce.refresh),
               .pps = config.announce.pps};
}

void ProtocolDriver::add_or_update(const Table::Entry& entry, Arrival arrival, Instant now) {
  machines_->put(entry.slot, subject_of(entry.desired), arrival, now, *this);
  gateways_.add(entry.slot, entry.desired, now);
}

void ProtocolDriver::start(Instant now) {
  for (const auto& [key, entry] : registry_.table().entries()) add_or_update(entry, Arrival::found, now);
}

// An endpoint with a new MAC or new flags is among the withdrawn and among the added ones.
void ProtocolDriver::follow(const Table::Changes& changes, Instant now) {
  for (const auto& entry : changes.withdrawn) {
    if (registry_.table().find_slot(entry.slot) != nullptr) continue;
    machines_->erase(entry.slot, now);
    gateways_.erase(entry.slot);
  }
  for (const auto* list : {&changes.added, &changes.reconfigured})
    for (const auto& entry : *list)
      add_or_update(entry, entry.desired.heard_at == kNoTime ? Arrival::found : Arrival::changed, now);
}

void ProtocolDriver::carrier_up(Instant now) {
  machines_->carrier_up(now);
}

std::optional<Id> ProtocolDriver::id_of(const arpl_event& event) const {
  const auto& entries = registry_.table().entries();
  const auto at = entries.find({.address = event.address, .vlan = event.vlan, .zero = 0});
  return at == entries.end() ? std::nullopt : std::optional{at->second.slot};
}

void ProtocolDriver::on_event(const arpl_event& event, Instant now) {
  const auto at = instant_from_raw(event.time_ns);
  if (event.type == ARPL_EVENT_OWN_MAC) return machines_->on_own_mac(event.mac, at);
  if (event.type == ARPL_EVENT_HOST_ANSWER) return machines_->on_host_answer(event.address, event.vlan, at);
  const auto id = id_of(event);
  if (!id) return;
  if (event.type == ARPL_EVENT_PROBE_ANSWER) return machines_->on_answer(*id, event.mac, at, *this);
  machines_->on_claim(
      *id,
      {.mac = event.mac, .origin = registry_.claim_origin_of(event), .dropped = was_dropped(event), .at = at},
      now, *this);
}

bool ProtocolDriver::order(const arpl_write& frame) {
  if (service_ == nullptr || !service_->order({.frame = frame})) return false;
  ordered_ = true;
  return true;
}

// A frame that is sent through the container's interface also reaches the wire, so the worker must not send it
// again: another owner that defends once would take the second frame for a second conflict (RFC 5227 section
// 2.4).
bool ProtocolDriver::send(const Outgoing& frame) {
  if (service_ == nullptr) return false;
  const auto* entry = frame.inside ? registry_.table().find_slot(frame.id) : nullptr;
  if (entry == nullptr || !entry->desired.settings || entry->desired.settings->nsid < 0 ||
      inside_.size() >= kMostInside)
    return order(frame.frame);
  inside_.push_back({.nsid = entry->desired.settings->nsid,
                     .since = host_->now(),
                     .frame = {.ifindex = entry->desired.settings->ifindex, .frame = frame.frame}});
  return true;
}

bool ProtocolDriver::speaks(const arpl_write& frame, Instant now) const {
  const auto& entries = registry_.table().entries();
  const auto at = entries.find({.address = frame.sender_ip, .vlan = frame.vlan, .zero = 0});
  return at != entries.end() && machines_->speaks_for(at->second.slot, frame.sender_mac, now);
}

// Sends the frames of one namespace in one go, except those that speaks() rejects. The worker sends the frames
// that can't be sent there or wait too long: the wire gets those, the siblings don't.
Instant ProtocolDriver::send_inside(Instant now) {
  const auto order_instead = [&](const arpl_write& frame) {
    if (speaks(frame, now)) order(frame);
  };
  for (; !inside_.empty() && now > inside_.front().since + kInsidePatience; inside_.pop_front())
    order_instead(inside_.front().frame.frame);
  if (!host_->inside_idle()) return now + kInsideRetry;
  for (const auto& failed : host_->take_failed()) order_instead(failed.frame);
  if (inside_.empty()) return kNever;
  const auto nsid = inside_.front().nsid;
  std::vector<InsideFrame> frames;
  for (; !inside_.empty() && inside_.front().nsid == nsid && frames.size() < kInsideAtOnce; inside_.pop_front())
    if (speaks(inside_.front().frame.frame, now)) frames.push_back(inside_.front().frame);
  if (frames.empty()) return now + kInsideRetry;
  if (!host_->send_inside(nsid, frames))
    for (const auto& one : frames) order_instead(one.frame);
  return now + kInsideRetry;
}

// True when the parent itself has the gateway's address. No probe reaches it then, because neither macvlan nor
// the wire passes a container's frames to its parent.
bool ProtocolDriver::at_parent(Ipv4 gateway, Instant now) {
  if (parent_addresses_at_ == kNoTime || now - parent_addresses_at_ > kParentAddresses) {
    parent_addresses_ = host_->addresses_of(parent_);
    parent_addresses_at_ = now;
  }
  return std::ranges::find(parent_addresses_, gateway) != parent_addresses_.end();
}

void ProtocolDriver::set_gateway(Id id, Ipv4 gateway, Instant now) {
  const auto* entry = registry_.table().find_slot(id);
  if (entry == nullptr) return;
  const bool tagged = entry->desired.key.vlan != 0;
  machines_->set_gateway(id, tagged && tags_hidden_ ? 0 : gateway,
                         gateway != 0 && !tagged && at_parent(gateway, now), now);
}

Instant ProtocolDriver::run(Instant now, Service* service) {
  if (service == nullptr) return kNever;
  service_ = service;
  auto wake = gateways_.tick(now, [&](Id id, Ipv4 gateway) { set_gateway(id, gateway, now); });
  wake = std::min(wake, machines_->tick(now, *this));
  wake = std::min(wake, send_inside(now));
  if (std::exchange(ordered_, false)) service->wake();
  service_ = nullptr;
  return wake;
}

bool ProtocolDriver::is_too_slow() const {
  return announce_.pps > 0 && machines_->refreshes_per_second() > static_cast<double>(announce_.pps);
}

void ProtocolDriver::report(const Report& report) {
  const auto* entry = registry_.table().find_slot(report.id);
  if (entry == nullptr) return;
  const auto address = format_ipv4(entry->desired.key.address);
  const auto mac = format_mac(report.mac);
  switch (report.kind) {
    case ReportKind::defended:
      return spdlog::warn("{}: {} is defended against {}", visible(parent_), address, mac);
    case ReportKind::gave_up:
      return spdlog::warn("{}: {} is given up: {} claims it", visible(parent_), address, mac);
    case ReportKind::moves_too_often:
      return spdlog::warn("{}: {} moves too often, now to {}: left alone until it keeps still",
                          visible(parent_), address, mac);
    case ReportKind::moves_no_more:
      return spdlog::warn("{}: {} keeps still again", visible(parent_), address);
    case ReportKind::conflict_over:
      return spdlog::info("{}: {} is no longer contested", visible(parent_), address);
    case ReportKind::path_lost:
      return spdlog::warn("{}: {} does not reach its gateway {} any more", visible(parent_), address,
                          gateway_text(report.id));
    case ReportKind::path_back:
      return spdlog::warn("{}: {} reaches its gateway {} again", visible(parent_), address,
                          gateway_text(report.id));
    case ReportKind::gateway_moved:
      return spdlog::info("{}: the gateway {} of {} answers from {} now", visible(parent_),
                          gateway_text(report.id), address, mac);
    case ReportKind::gateway_disputed:
      if (!dispute_lines_.take(host_->now(), {.interval = kDisputeLine, .burst = kDisputeLine})) return;
      return spdlog::warn("{}: {} answers in place of the gateway {} of {}: not believed", visible(parent_),
                          mac, gateway_text(report.id), address);
    case ReportKind::conflict:  // ParentEvents logs it, with its source
    case ReportKind::path_suspect:
    case ReportKind::path_fine:
      return;
  }
}

std::string ProtocolDriver::gateway_text(Id id) const {
  const auto path = machines_->view(id, host_->now()).path;
  return path ? format_ipv4(path->gateway) : "";
}

}  // namespace arpline
