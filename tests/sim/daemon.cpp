// SPDX-License-Identifier: Apache-2.0
#include "sim/daemon.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config/limits.hpp"

namespace arpline::sim {
namespace {

constexpr Duration kLook = 250ms;
constexpr Duration kLease = 1s;
// The delay of a control loop that is busy with other work.
constexpr Time kLateness = 2 * kMs;

constexpr std::size_t kSlots = 128;
constexpr Duration kPairTtl = 60s;
constexpr std::uint64_t kCreditWindow = 128;

// Fixed keys, so that each run of a seed has the same result.
arpl_hash_keys fixed_keys() {
  arpl_hash_keys keys{};
  arpl_derive_keys(0x6172706c696e6520U, 0x73696d756c617465U, &keys);
  return keys;
}

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

RegistryTables tables_of(MemoryTables& maps) {
  const auto& tables = maps.tables();
  return {.slots = tables.slots,
          .stats = tables.stats,
          .index = maps.index_sets(),
          .filter = maps.filter_words(),
          .heard = tables.heard,
          .keys = tables.keys,
          .endpoints = maps,
          .senders = maps};
}

}  // namespace

/// Sends each order immediately.
class Daemon::Worker final : public arpline::Service {
 public:
  explicit Worker(const Daemon& daemon) : daemon_(daemon) {}
  bool order(const Order& order) noexcept override {
    if (daemon_.refuses_) return false;
    daemon_.hands_.to_wire(arp_packet(order.frame));
    return true;
  }
  void wake() noexcept override {}
  LostOrders lost_orders() const noexcept override { return {}; }
  std::uint64_t not_handed_over() const noexcept override { return 0; }
  bool pass_boundary(std::chrono::milliseconds /*patience*/) noexcept override { return true; }
  std::uint64_t heartbeat() const noexcept override { return 0; }
  void drain_and_stop() noexcept override {}
  std::uint16_t queues() const noexcept override { return 1; }

 private:
  const Daemon& daemon_;
};

/// The namespaces of the containers. The parent has no address of its own.
class Daemon::HostOfDriver final : public DriverHost {
 public:
  explicit HostOfDriver(const Daemon& daemon) : daemon_(daemon) {}
  Instant now() const override { return daemon_.hands_.now(); }
  std::optional<std::vector<Route>> routes_of(int nsid) override {
    const auto at = daemon_.gateways_.find(nsid);
    if (at == daemon_.gateways_.end() || at->second == 0) return std::vector<Route>{};
    return std::vector<Route>{{.ifindex = nsid, .gateway = at->second}};  // ifindex and nsid are equal
  }
  std::vector<Ipv4> addresses_of(const ForeignText& /*interface*/) override { return {}; }
  bool inside_idle() const override { return true; }
  bool send_inside(int /*nsid*/, std::vector<InsideFrame> frames) override {
    for (const auto& one : frames)
      if (!daemon_.hands_.to_inside(arp_packet(one.frame))) failed_.push_back(one);
    return true;
  }
  std::vector<InsideFrame> take_failed() override { return std::exchange(failed_, {}); }

 private:
  const Daemon& daemon_;
  std::vector<InsideFrame> failed_;
};

Daemon::Daemon(Queue& queue, Rng& rng, Trace& trace, const Setup& setup, Hands hands, Watcher& watcher)
    : queue_(queue),
      rng_(rng),
      trace_(trace),
      setup_(setup),
      hands_(std::move(hands)),
      watcher_(watcher),
      maps_(fixed_keys(), kSlots),
      registry_(tables_of(maps_)),
      worker_(std::make_unique<Worker>(*this)) {
  auto& limits = maps_.limits;
  Limits{}.write(limits);
  limits.pair_ttl_ns = raw(kPairTtl);
  limits.events = {};  // no limit on events; the machines' own tests cover suppressed ones
  limits.credit_window = kCreditWindow;
  limits.flags = ARPL_LIMIT_ONE_QUEUE | (setup.fast_path ? ARPL_LIMIT_FAST_PATH : 0);
  limits.parent_mac = setup.parent_mac;
  maps_.tables().sockets = 1;
  configure(setup.settings);
  const auto& tables = maps_.tables();
  std::unique_ptr<Machines> machines = std::make_unique<Protocol>(
      setup.settings, ProtocolTables{.slots = tables.slots, .stats = tables.stats, .limits = &limits},
      setup.seed);
  if (setup.make_machine) machines = setup.make_machine(std::move(machines));
  auto watched = std::make_unique<WatchedMachines>(std::move(machines), watcher_, trace_);
  machines_ = watched.get();
  watcher_.on_settings(setup.settings, hands_.now());
  driver_ = std::make_unique<ProtocolDriver>(config_, own_, std::move(watched), registry_,
                                             std::make_unique<HostOfDriver>(*this));
}

Daemon::~Daemon() = default;

void Daemon::configure(const Protocol::Settings& settings) {
  config_.announce = settings.announce;
  config_.on_conflict = settings.on_conflict;
  config_.probe = settings.probe;
  own_.path_probe = settings.path_probe;
}

void Daemon::start(const std::vector<Interface>& interfaces) {
  registry_.start(own_, {.parent = {.name = "parent", .mac = setup_.parent_mac, .running = true},
                         .interfaces = interfaces,
                         .host = {}});
  driver_->start(hands_.now());
  tick();
}

void Daemon::update(int nsid, const std::vector<Interface>& interfaces) {
  follow(registry_.update(nsid, interfaces, std::max(hands_.now(), at(1ns))));
  drain();
  tick();
}

void Daemon::follow(const Table::Changes& changes) {
  driver_->follow(changes, hands_.now());
  while (!registry_.done()) driver_->follow(registry_.go_on(), hands_.now());
}

void Daemon::carrier_up() {
  driver_->carrier_up(hands_.now());
  tick();
}

void Daemon::set(const Protocol::Settings& settings) {
  if (paused_) return;
  configure(settings);
  watcher_.on_settings(settings, hands_.now());
  driver_->set(config_, own_, hands_.now());
  tick();
}

std::optional<Packet> Daemon::from_wire(const Packet& packet) {
  if (packet.kind != Kind::arp) return packet;
  std::array<std::byte, kFrameRoomBytes> bytes{};
  auto* data = reinterpret_cast<std::uint8_t*>(bytes.data());
  const auto length = arpl_write_arp(data, &packet.arp);
  Frame frame{.data = bytes.data(), .len = length, .queue = 0, .token = 0};
  FrameView view;
  const auto outcome = ingress_.classify(frame, hands_.now(), view);
  expect_events();
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

bool Daemon::to_wire(Packet& packet) {
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
  __be32 requester = 0;
  const auto sent = arpl_handle_sent(&maps_.tables(), &arp, raw(hands_.now()), &requester);
  expect_events();
  if (requester != 0) w.target_ip = requester;
  return sent != ARPL_SENT_DROPPED;
}

// The simulated epoll loop reads events after a short delay.
void Daemon::expect_events() {
  if (setup_.polls_events || std::exchange(drain_planned_, true)) return;
  queue_.after(random_below(rng_, kLateness), [this] {
    drain_planned_ = false;
    if (!paused_) drain();
  });
}

void Daemon::drain() {
  arpl_event event;
  bool any = false;
  while (maps_.events.pop(event)) {
    any = true;
    hear(event);
  }
  if (any) tick();
}

void Daemon::hear(const arpl_event& event) {
  static constexpr std::array<std::string_view, 8> kWords{
      "?",        "claim from wire", "claim from host", "own MAC",
      "stranger", "claim dropped",   "gateway answers", "host is answered"};
  trace_.event(kWords.at(event.type), event.address, event.mac);
  if (event.type == ARPL_EVENT_STRANGER) return;  // the real control loop scans for new interfaces
  const bool is_claim = event.type == ARPL_EVENT_CLAIM_FROM_WIRE || event.type == ARPL_EVENT_CLAIM_FROM_HOST ||
                        event.type == ARPL_EVENT_CLAIM_DROPPED;
  if (is_claim && registry_.is_no_claim(event)) return;
  driver_->on_event(event, hands_.now());
  if (event.type == ARPL_EVENT_OWN_MAC) registry_.on_own_mac(event);
}

void Daemon::tick() {
  if (paused_) return;
  const auto now = hands_.now();
  maps_.lease = raw(now + kLease);
  maps_.limits.egress_seen_ns = raw(now);
  plan(std::min(driver_->run(now, worker_.get()), now + kLook));
}

void Daemon::plan(Instant at) {
  tick_at_ = at;
  const auto now = hands_.now();
  const auto timer = ++timer_;
  queue_.after(std::max(at - now, Time{}) + random_below(rng_, kLateness), [this, timer] {
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

std::optional<Id> Daemon::id_of(Ipv4 address, std::uint16_t vlan) const {
  const auto& entries = registry_.table().entries();
  const auto at = entries.find({.address = address, .vlan = vlan, .zero = 0});
  return at == entries.end() ? std::nullopt : std::optional{at->second.slot};
}

Protocol::View Daemon::view(Ipv4 address, std::uint16_t vlan) const {
  const auto id = id_of(address, vlan);
  return id ? machines_->view(*id, hands_.now()) : Protocol::View{};
}

}  // namespace arpline::sim
