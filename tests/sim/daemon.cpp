// SPDX-License-Identifier: Apache-2.0
#include "sim/daemon.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>

#include "shared/egress.h"

namespace arpline::sim {
namespace {

constexpr std::uint64_t kLookNs = 250 * kMs;
constexpr std::uint64_t kLeaseNs = kSecond;
// So late is a control loop that has other things to do.
constexpr Time kLateness = 2 * kMs;

Packet packet_of(const arpl_arp& arp) {
  return arp_packet({.eth_dst = arp.eth_dst,
                     .eth_src = arp.eth_src,
                     .sender_mac = arp.sender_mac,
                     .target_mac = arp.target_mac,
                     .sender_ip = arp.sender_ip,
                     .target_ip = arp.target_ip,
                     .op = arp.op,
                     .vlan = arp.vlan});
}

}  // namespace

Daemon::Daemon(Queue& queue, Rng& rng, Trace& trace, const Setup& setup, Hands hands, Watcher& watcher)
    : queue_(queue),
      rng_(rng),
      trace_(trace),
      setup_(setup),
      hands_(std::move(hands)),
      watcher_(watcher),
      own_macs_(maps_.filter()),
      table_(maps_.slots(), maps_.stats(), Index{maps_.index(), maps_.filter(), maps_.decision().keys.factor},
             maps_),
      front_(maps_.front()) {
  auto& limits = maps_.limits();
  limits.flags = ARPL_LIMIT_ONE_QUEUE | (setup.fast_path ? ARPL_LIMIT_FAST_PATH : 0);
  limits.parent_mac = setup.parent_mac;
  const ProtocolTables tables{.slots = maps_.slots(), .stats = maps_.stats(), .limits = &limits};
  machine_ = setup.make_machine ? setup.make_machine(setup.settings, tables, setup.seed)
                                : std::make_unique<Machine>(setup.settings, tables, setup.seed);
  watcher_.on_settings(setup.settings, hands_.now());
}

void Daemon::start(const std::vector<Interface>& interfaces) {
  std::map<int, std::vector<Interface>> by_namespace;
  for (const auto& one : interfaces) by_namespace[one.netns.nsid].push_back(one);
  std::vector<TableUpdate> updates;
  for (const auto& [nsid, some] : by_namespace)
    std::ranges::move(take(nsid, some, 0), std::back_inserter(updates));
  publish_macs();
  follow(table_.apply(updates), Arrival::found);
  tick();
}

void Daemon::update(int nsid, const std::vector<Interface>& interfaces) {
  const auto updates = take(nsid, interfaces, std::max<Time>(hands_.now(), 1));
  publish_macs();
  follow(table_.apply(updates), Arrival::changed);
  drain();
  tick();
}

// As control does with what a namespace has now (engine/control/endpoint_registry.cpp).
std::vector<TableUpdate> Daemon::take(int nsid, const std::vector<Interface>& interfaces, Time heard_at) {
  const auto changes = population_.replace(nsid, interfaces);
  std::set<arpl_endpoint_key, KeyLess> keys;
  for (const auto& [key, who] : changes.went) candidates_.leave(key, who);
  for (const auto* list : {&changes.altered, &changes.adjusted})
    for (const auto& [key, who] : *list) candidates_.heard(key, who, heard_at);
  for (const auto& [key, who] : changes.came) candidates_.arrive(key, who, heard_at);
  for (const auto* list : {&changes.went, &changes.altered, &changes.adjusted, &changes.came})
    for (const auto& one : *list) keys.insert(one.key);
  std::vector<TableUpdate> updates;
  updates.reserve(keys.size());
  for (const auto& key : keys)
    updates.emplace_back(key,
                         candidates_.resolve(key, [&](Who who) { return population_.endpoint(who, key); }));
  return updates;
}

void Daemon::publish_macs() {
  std::set<Mac> now{setup_.parent_mac};
  population_.each([&](const Interface& one) { now.insert(one.mac); });
  const auto bit = [&](Mac mac) { return arpl_mac_bit(maps_.decision().keys.factor, mac); };
  auto& macs = maps_.macs();
  for (const auto mac : now)
    if (!macs.contains(mac)) own_macs_.add(bit(mac));
  for (const auto& [mac, sender] : macs)
    if (!now.contains(mac)) own_macs_.remove(bit(mac));
  macs.clear();
  for (const auto mac : now)
    macs.emplace(mac, arpl_sender{.host = static_cast<__u16>(mac == setup_.parent_mac)});
}

// One with another MAC or other flags is among both.
void Daemon::follow(const Table::Changes& changes, Arrival arrival) {
  const auto now = hands_.now();
  for (const auto& entry : changes.withdrawn) {
    if (table_.find_slot(entry.slot) != nullptr) continue;
    machine_->erase(entry.slot, now);
    watcher_.on_erase(entry.slot, now);
  }
  for (const auto* list : {&changes.added, &changes.reconfigured}) {
    for (const auto& [id, desired] : *list) {
      const auto nsid = desired.settings->nsid;
      const AnnouncedEndpoint subject{.mac = desired.word & ARPL_MAC_MASK,
                                      .address = desired.key.address,
                                      .vlan = desired.key.vlan,
                                      .announceable = desired.announceable,
                                      .vepa = desired.vepa,
                                      .owner = static_cast<InterfaceKey>(nsid)};
      trace_.event(arrival == Arrival::found ? "found" : "changed", id, subject.mac);
      watcher_.on_put(id, subject, arrival, now);
      machine_->put(id, subject, arrival, now, *this);
      const auto gateway = gateways_.find(nsid);
      if (gateway == gateways_.end()) continue;
      machine_->set_gateway(id, gateway->second, false, now);
      watcher_.on_gateway(id, gateway->second);
    }
  }
}

void Daemon::carrier_up() {
  const auto now = hands_.now();
  trace_.event("carrier up");
  watcher_.on_carrier_up(now);
  machine_->carrier_up(now);
  tick();
}

void Daemon::set(const Protocol::Settings& settings) {
  if (paused_) return;
  setup_.settings = settings;
  watcher_.on_settings(settings, hands_.now());
  machine_->set(settings, hands_.now());
  tick();
}

std::optional<Packet> Daemon::from_wire(const Packet& packet) {
  if (packet.kind != Kind::arp) return packet;
  std::array<std::byte, kFrameRoomBytes> bytes{};
  auto* data = reinterpret_cast<std::uint8_t*>(bytes.data());
  const auto length = arpl_write_arp(data, &packet.arp);
  Frame frame{.data = bytes.data(), .len = length, .queue = 0, .token = 0};
  FrameView view;
  const auto outcome = front_.classify(frame, hands_.now(), view);
  if (!setup_.polls_events) {
    // An epoll loop gets to it soon.
    if (!std::exchange(drain_planned_, true)) {
      queue_.after(rng_() % kLateness, [this] {
        drain_planned_ = false;
        if (!paused_) drain();
      });
    }
  }
  arpl_arp now{};
  arpl_parse(data, data + frame.len, &now);
  const auto changed = packet_of(now);
  if (outcome == Outcome::kernel) return changed;
  if (outcome == Outcome::answer) {
    trace_.frame("answers", changed);
    watcher_.on_answered(view.decision.slot, changed, hands_.now());
    hands_.to_wire(changed);
  }
  return std::nullopt;
}

// bpf/egress.bpf.c.
bool Daemon::to_wire(Packet& packet, bool by_container) {
  if (packet.kind != Kind::arp) return true;
  auto& w = packet.arp;
  arpl_arp arp{};
  arp.eth_dst = w.eth_dst;
  arp.eth_src = w.eth_src;
  arp.sender_mac = w.sender_mac;
  arp.target_mac = w.target_mac;
  arp.sender_ip = w.sender_ip;
  arp.target_ip = w.target_ip;
  arp.op = w.op;
  arp.vlan = w.vlan;
  const auto now = hands_.now();
  auto* tables = &maps_.decision();
  __be32 requester = 0;
  if (arpl_confirm(tables, &arp, now, &requester) != 0) {
    if (requester != 0) w.target_ip = requester;
    return true;
  }
  const auto claimed = arpl_claimed_slot(tables, &arp);
  if (claimed == ARPL_NO_SLOT) {
    arpl_hear_sent(tables, &arp, maps_.macs().contains(w.eth_src) ? 1 : 0, by_container ? 1 : 0, now);
    return true;
  }
  const bool drops = arpl_judge_claim(tables, claimed, &arp, now) == ARPL_CLAIM_DROP;
  arpl_slot unheard{};
  arpl_note_claim(drops ? &unheard : &maps_.slots()[claimed], &maps_.stats()[claimed], w.sender_mac, now);
  if (arpl_event_token(tables, ARPL_EVENT_CLAIM_FROM_HOST, arp.eth_src, now) == 0) return !drops;
  maps_.front().events.push(
      {.time_ns = now,
       .mac = w.sender_mac,
       .address = w.sender_ip,
       .vlan = w.vlan,
       .type = static_cast<__u16>(drops ? ARPL_EVENT_CLAIM_DROPPED : ARPL_EVENT_CLAIM_FROM_HOST)});
  if (!setup_.polls_events) {
    queue_.after(rng_() % kLateness, [this] {
      if (!paused_) drain();
    });
  }
  return !drops;
}

void Daemon::drain() {
  arpl_event event;
  bool any = false;
  while (maps_.front().events.pop(event)) {
    any = true;
    hear(event);
  }
  if (any) tick();
}

void Daemon::hear(const arpl_event& event) {
  const auto now = hands_.now();
  static constexpr std::array<std::string_view, 8> kWords{
      "?",        "claim from wire", "claim from host", "own MAC",
      "stranger", "claim dropped",   "gateway answers", "host is answered"};
  trace_.event(kWords.at(event.type), event.address, event.mac);
  if (event.type == ARPL_EVENT_OWN_MAC) {
    machine_->on_own_mac(event.mac, event.time_ns);
    return;
  }
  if (event.type == ARPL_EVENT_HOST_ANSWER) {
    machine_->on_host_answer(event.address, event.vlan, event.time_ns);
    return;
  }
  const auto id = id_of(event.address, event.vlan);
  if (!id) return;
  if (event.type == ARPL_EVENT_PROBE_ANSWER) {
    watcher_.on_gateway_answers(event.mac);
    machine_->on_answer(*id, event.mac, event.time_ns, *this);
    return;
  }
  // What was made on this host is no other station's, even where nobody has found its interface yet.
  const bool ours =
      event.type != ARPL_EVENT_CLAIM_FROM_WIRE || (setup_.vepa && maps_.macs().contains(event.mac));
  const auto origin = event.mac == setup_.parent_mac ? ClaimOrigin::host
                      : ours                         ? ClaimOrigin::sibling
                                                     : ClaimOrigin::elsewhere;
  const Claim claim{.mac = event.mac,
                    .origin = origin,
                    .dropped = event.type == ARPL_EVENT_CLAIM_DROPPED,
                    .at = event.time_ns};
  machine_->on_claim(*id, claim, now, *this);
  watcher_.on_claim(*id, claim, now);
}

void Daemon::tick() {
  if (paused_) return;
  const auto now = hands_.now();
  maps_.lease() = now + kLeaseNs;
  maps_.limits().egress_seen_ns = now;
  const auto wake = machine_->tick(now, *this);
  watcher_.on_tick(now);
  plan(std::min(wake, now + kLookNs));
}

void Daemon::plan(std::uint64_t at) {
  tick_at_ = at;
  const auto now = hands_.now();
  const auto timer = ++timer_;
  queue_.after((at > now ? at - now : 0) + rng_() % kLateness, [this, timer] {
    if (timer != timer_ || paused_) return;
    drain();
    tick();
  });
}

void Daemon::pause(bool paused) {
  trace_.event(paused ? "paused" : "goes on");
  paused_ = paused;
  if (paused) return;
  watcher_.on_absence(hands_.now());
  drain();
  tick();
}

void Daemon::clock_jumped() {
  trace_.event("clock jumped");
  watcher_.on_absence(hands_.now());
  plan(tick_at_);
}

bool Daemon::send(const Outgoing& frame) {
  if (refuses_) return false;
  const auto packet = arp_packet(frame.frame);
  static constexpr std::array kWords{"announces", "defends", "probes", "asks the gateway", "asks as the host"};
  trace_.frame(kWords.at(static_cast<std::size_t>(frame.purpose)), packet);
  watcher_.on_send(frame, hands_.now());
  if (!frame.inside || !hands_.to_inside(packet)) hands_.to_wire(packet);
  return true;
}

void Daemon::report(const Report& report) {
  static constexpr std::array<std::string_view, 12> kWords{
      "reports conflict",  "reports defended", "reports gave_up",       "reports moves_often",
      "reports moves_end", "reports over",     "reports suspect",       "reports lost",
      "reports fine",      "reports back",     "reports gateway_moved", "reports disputed"};
  trace_.event(kWords.at(static_cast<std::size_t>(report.kind)), report.id, report.mac);
  watcher_.on_report(report, hands_.now());
}

std::optional<Id> Daemon::id_of(Ipv4 address, std::uint16_t vlan) const {
  const auto at = table_.entries().find({.address = address, .vlan = vlan, .zero = 0});
  return at == table_.entries().end() ? std::nullopt : std::optional{at->second.slot};
}

Protocol::View Daemon::view(Ipv4 address, std::uint16_t vlan) const {
  const auto id = id_of(address, vlan);
  return id ? machine_->view(*id, hands_.now()) : Protocol::View{};
}

}  // namespace arpline::sim
