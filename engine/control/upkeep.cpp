// SPDX-License-Identifier: Apache-2.0
#include "control/upkeep.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/clock.hpp"

namespace arpline {
namespace {

constexpr std::uint64_t kInsideRetryNs = 5'000'000;
constexpr std::size_t kInsideAtOnce = 4096;

// In observe nothing is sent, so nothing must wait to be.
Protocol::Settings settings_of(const Config& config, const ParentConfig& own) {
  return {.announce = config.announce,
          .on_conflict = config.mode == Mode::observe ? OnConflict::alert : config.on_conflict,
          .probe = config.probe,
          .path_probe_ns = own.path_probe_ns};
}

Subject subject_of(const Desired& desired) {
  return {.mac = desired.word & ARPL_MAC_MASK,
          .address = desired.key.address,
          .vlan = desired.key.vlan,
          .announceable = desired.announceable,
          .vepa = desired.vepa};
}

// After ARPL_EVENT_CLAIM_*.
bool was_dropped(const arpl_event& event) {
  return event.type == ARPL_EVENT_CLAIM_DROPPED;
}

}  // namespace

Upkeep::Upkeep(const Config& config, const ParentConfig& own, const Maps& maps, const Roster& roster,
               OpenNetns open)
    : parent_(own.name),
      roster_(roster),
      open_(std::move(open)),
      protocol_(settings_of(config, own),
                {.slots = maps.slots(), .stats = maps.stats(), .limits = &maps.limits()},
                std::random_device{}()),
      gateways_(open_) {
  set(config, own, now_ns());
}

void Upkeep::set(const Config& config, const ParentConfig& own, std::uint64_t now) {
  protocol_.set(settings_of(config, own), now);
  gateways_.configure(own.gateways, own.path_probe_ns != 0, now);
  announce_ = {
      .on_conflict = config.on_conflict, .refresh_ns = config.announce.refresh_ns, .pps = config.announce.pps};
}

void Upkeep::put(const Table::Entry& entry, Arrival arrival, std::uint64_t now) {
  protocol_.put(entry.slot, subject_of(entry.desired), arrival, now, *this);
  gateways_.add(entry.slot, entry.desired, now);
}

void Upkeep::start(std::uint64_t now) {
  for (const auto& [key, entry] : roster_.table().entries()) put(entry, Arrival::found, now);
}

// An endpoint with another MAC or other flags is among both.
void Upkeep::follow(const Table::Changes& changes, std::uint64_t now) {
  for (const auto& entry : changes.withdrawn) {
    if (roster_.table().find_slot(entry.slot) != nullptr) continue;
    protocol_.erase(entry.slot);
    gateways_.erase(entry.slot);
  }
  for (const auto* list : {&changes.added, &changes.reconfigured})
    for (const auto& entry : *list)
      put(entry, entry.desired.heard_at == 0 ? Arrival::found : Arrival::changed, now);
}

void Upkeep::carrier_up(std::uint64_t now) {
  protocol_.carrier_up(now);
}

std::optional<Id> Upkeep::id_of(const arpl_event& event) const {
  const auto& entries = roster_.table().entries();
  const auto at = entries.find({.address = event.address, .vlan = event.vlan, .zero = 0});
  return at == entries.end() ? std::nullopt : std::optional{at->second.slot};
}

void Upkeep::on_event(const arpl_event& event, std::uint64_t now) {
  if (event.type == ARPL_EVENT_OWN_MAC) return protocol_.on_own_mac(event.mac, event.time_ns);
  if (event.type == ARPL_EVENT_HOST_ANSWER)
    return protocol_.on_host_answer(event.address, event.vlan, event.time_ns);
  const auto id = id_of(event);
  if (!id) return;
  if (event.type == ARPL_EVENT_PROBE_ANSWER) return protocol_.on_answer(*id, event.mac, event.time_ns, *this);
  protocol_.on_claim(*id, {.mac = event.mac, .party = roster_.party_of(event), .dropped = was_dropped(event)},
                     now, *this);
}

bool Upkeep::send(const Outgoing& frame) {
  if (service_ == nullptr || !service_->order({.frame = frame.frame})) return false;
  ordered_ = true;
  const auto* entry = frame.inside ? roster_.table().find_slot(frame.id) : nullptr;
  if (entry != nullptr && entry->desired.settings && entry->desired.settings->nsid >= 0 &&
      inside_.size() < kMostInside)
    inside_.push_back({.id = frame.id,
                       .nsid = entry->desired.settings->nsid,
                       .frame = {.ifindex = entry->desired.settings->ifindex, .frame = frame.frame}});
  return true;
}

// Those of one namespace in one go; without those whose time is over.
std::uint64_t Upkeep::send_inside(std::uint64_t now) {
  if (inside_.empty()) return kNever;
  if (!sender_.idle()) return now + kInsideRetryNs;
  const auto nsid = inside_.front().nsid;
  std::vector<InsideFrame> frames;
  for (; !inside_.empty() && inside_.front().nsid == nsid && frames.size() < kInsideAtOnce;
       inside_.pop_front()) {
    const auto& next = inside_.front();
    if (protocol_.speaks_for(next.id, next.frame.frame.sender_mac, now)) frames.push_back(next.frame);
  }
  if (Fd netns = frames.empty() ? Fd{} : open_(nsid)) sender_.send(std::move(netns), std::move(frames));
  return inside_.empty() ? kNever : now + kInsideRetryNs;
}

void Upkeep::set_gateway(Id id, Ipv4 gateway, std::uint64_t now) {
  const auto* entry = roster_.table().find_slot(id);
  const bool blind = tags_hidden_ && entry != nullptr && entry->desired.key.vlan != 0;
  protocol_.set_gateway(id, blind ? 0 : gateway, now);
}

std::uint64_t Upkeep::run(std::uint64_t now, Service* service) {
  if (service == nullptr) return kNever;
  service_ = service;
  auto wake = gateways_.tick(now, [&](Id id, Ipv4 gateway) { set_gateway(id, gateway, now); });
  wake = std::min(wake, protocol_.tick(now, *this));
  if (std::exchange(ordered_, false)) service->wake();
  service_ = nullptr;
  return std::min(wake, send_inside(now));
}

bool Upkeep::is_too_slow() const {
  return announce_.pps > 0 && protocol_.refreshes_per_second() > static_cast<double>(announce_.pps);
}

void Upkeep::report(const Report& report) {
  const auto* entry = roster_.table().find_slot(report.id);
  if (entry == nullptr) return;
  const auto address = format_ipv4(entry->desired.key.address);
  const auto mac = format_mac(report.mac);
  switch (report.told) {
    case Told::defended:
      return spdlog::warn("{}: {} is defended against {}", parent_, address, mac);
    case Told::gave_up:
      return spdlog::warn("{}: {} is given up: {} claims it", parent_, address, mac);
    case Told::moves_too_often:
      return spdlog::warn("{}: {} moves too often, now to {}: left alone until it keeps still", parent_,
                          address, mac);
    case Told::moves_no_more:
      return spdlog::warn("{}: {} keeps still again", parent_, address);
    case Told::conflict_over:
      return spdlog::info("{}: {} is no longer contested", parent_, address);
    case Told::path_lost:
      return spdlog::warn("{}: {} does not reach its gateway {} any more", parent_, address,
                          gateway_text(report.id));
    case Told::path_back:
      return spdlog::warn("{}: {} reaches its gateway {} again", parent_, address, gateway_text(report.id));
    case Told::gateway_moved:
      return spdlog::info("{}: the gateway {} of {} answers from {} now", parent_, gateway_text(report.id),
                          address, mac);
    case Told::conflict:  // has its own line, with where it came from
    case Told::path_suspect:
    case Told::path_fine:
      return;
  }
}

std::string Upkeep::gateway_text(Id id) const {
  const auto path = protocol_.view(id, now_ns()).path;
  return path ? format_ipv4(path->gateway) : "";
}

}  // namespace arpline
