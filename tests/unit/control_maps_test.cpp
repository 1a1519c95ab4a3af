// SPDX-License-Identifier: Apache-2.0
// The parts of a parent that work on its maps, on real ones: registry, protocol driver, events, worker, status.
#include "control_maps.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/change_log.hpp"
#include "control/gather.hpp"
#include "control/parent_events.hpp"
#include "control/parent_worker.hpp"
#include "shared/hash.h"

namespace arpline {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr int web = 4;  // namespaces, by id
constexpr int db = 5;

Ipv4 ip(const char* text) {
  return ipv4_from_text(text).value();
}

arpl_endpoint_key key_of(const char* address, std::uint16_t vlan = 0) {
  return {.address = ip(address), .vlan = vlan, .zero = 0};
}

Interface child(int nsid, int ifindex, Mac mac, std::vector<const char*> addresses) {
  Interface one{.netns = {.nsid = nsid, .name = nsid == web ? "web" : "db"}, .parent = 7, .ifindex = ifindex};
  one.name = one.first_name = "eth" + std::to_string(ifindex);
  one.mac = mac;
  one.up = one.running = true;
  for (const auto* address : addresses) one.addresses.push_back({.address = ip(address), .prefix_bits = 24});
  std::ranges::sort(one.addresses, comes_before);
  return one;
}

// A worker that notes what is asked of it.
class FakeService final : public Service {
 public:
  struct Seen {
    std::vector<arpl_write> orders;
    int wakes = 0;
    int boundaries = 0;
    bool passes = true;
    bool stopped = false;
    bool takes = true;
    std::uint64_t heartbeat = 1;
    LostOrders lost{.announcements = 3, .probes = 2};
    std::uint64_t not_handed_over = 4;
  };
  explicit FakeService(Seen& seen) : seen_(seen) {}
  bool order(const Order& order) noexcept override {
    if (seen_.takes) seen_.orders.push_back(order.frame);
    return seen_.takes;
  }
  void wake() noexcept override { ++seen_.wakes; }
  LostOrders lost_orders() const noexcept override { return seen_.lost; }
  std::uint64_t not_handed_over() const noexcept override { return seen_.not_handed_over; }
  bool pass_boundary(std::chrono::milliseconds) noexcept override {
    ++seen_.boundaries;
    return seen_.passes;
  }
  std::uint64_t heartbeat() const noexcept override { return seen_.heartbeat; }
  void drain_and_stop() noexcept override { seen_.stopped = true; }
  std::uint16_t queues() const noexcept override { return 1; }

 private:
  Seen& seen_;
};

class OnMaps : public testing::Test {
 protected:
  void SetUp() override {
    if (!made_) GTEST_SKIP() << "this process may not make BPF maps";
    state_.link = {.ifindex = 7, .name = "nic0", .mac = 9, .rx_queues = 1, .tx_queues = 1};
    state_.parent = {.ifindex = 7, .name = "nic0", .mac = 9};
    state_.own.name = "nic0";
    registry_.emplace(*made_);
    start();
  }

  void start() { registry_->start(state_.own, {.parent = state_.parent, .interfaces = children_, .host = {}}); }
  Table::Changes update(int nsid, std::vector<Interface> children) {
    return registry_->update(nsid, std::move(children), now_ns());
  }
  const Table::Entry* entry(const char* address) const {
    const auto& entries = registry_->table().entries();
    const auto at = entries.find(key_of(address));
    return at == entries.end() ? nullptr : &at->second;
  }
  arpl_event event_of(arpl_event_type type, Mac mac, const char* address) const {
    arpl_event event{};
    event.type = type;
    event.mac = mac;
    event.address = ip(address);
    event.time_ns = now_ns();
    return event;
  }

  RealMaps made_;
  ParentState state_;
  std::vector<Interface> children_;
  std::optional<EndpointRegistry> registry_;
};

TEST_F(OnMaps, an_endpoint_is_in_the_hash_the_index_and_its_slot_until_its_container_is_gone) {
  update(web, {child(web, 2, 0xa, {"10.0.0.1", "10.0.0.2"})});
  ASSERT_NE(entry("10.0.0.1"), nullptr);
  EXPECT_EQ((*made_).endpoints().size(), 2U);
  EXPECT_EQ((*made_).slots()[entry("10.0.0.1")->slot].word, 0xaU);
  update(web, {child(web, 2, 0xb, {"10.0.0.1"})});
  EXPECT_EQ((*made_).slots()[entry("10.0.0.1")->slot].word, 0xbU);
  EXPECT_EQ((*made_).endpoints().size(), 1U);
  const auto slot = entry("10.0.0.1")->slot;
  update(web, {});
  EXPECT_EQ((*made_).endpoints().size(), 0U);
  EXPECT_EQ((*made_).slots()[slot].word, 0U);
}

TEST_F(OnMaps, two_namespaces_that_take_all_they_can_leave_room_for_a_third_with_few) {
  std::uint32_t number = 0x0b000000;
  for (const auto& greedy : {web, db}) {
    auto one = child(greedy, 2, 0xa, {});
    for (std::size_t i = 0; i < EndpointRegistry::kShare; ++i)
      one.addresses.push_back({.address = htonl(++number), .prefix_bits = 8});
    update(greedy, {one});
    while (!registry_->done()) registry_->go_on();
  }
  EXPECT_EQ(registry_->table().room(), EndpointRegistry::kReserve);
  update(web + db + 1, {child(web + db + 1, 2, 0xc, {"10.0.0.1"})});
  EXPECT_NE(entry("10.0.0.1"), nullptr);
}

TEST_F(OnMaps, the_fast_path_is_left_out_for_what_is_excluded_from_it) {
  state_.own.fast_path_exclude = {Pattern{.netns = "db"}};
  registry_->choose(state_.own, now_ns());
  update(web, {child(web, 2, 0xa, {"10.0.0.1"})});
  update(db, {child(db, 3, 0xb, {"10.0.0.2"})});
  EXPECT_FALSE(entry("10.0.0.1")->desired.slow);
  EXPECT_TRUE(entry("10.0.0.2")->desired.slow);
}

TEST_F(OnMaps, a_mac_is_ours_while_any_child_has_it) {
  const auto knows = [&](Mac mac) {
    return std::ranges::any_of((*made_).senders(), [mac](const auto& one) { return one.first == mac; });
  };
  EXPECT_TRUE(knows(9)) << "the parent's own";
  update(web, {child(web, 2, 0xa, {})});
  update(db, {child(db, 3, 0xa, {})});
  EXPECT_TRUE(knows(0xa));
  update(web, {});
  EXPECT_TRUE(knows(0xa));
  update(db, {});
  EXPECT_FALSE(knows(0xa));
  EXPECT_TRUE(knows(9));
}

TEST_F(OnMaps, a_claim_of_its_own_namespaces_other_interface_is_none) {
  update(web, {child(web, 2, 0xa, {"10.0.0.1"}), child(web, 3, 0xb, {})});
  update(db, {child(db, 2, 0xc, {})});
  const auto claim = [&](Mac mac) { return event_of(ARPL_EVENT_CLAIM_FROM_HOST, mac, "10.0.0.1"); };
  EXPECT_TRUE(registry_->is_no_claim(claim(0xb)));
  EXPECT_FALSE(registry_->is_no_claim(claim(0xc)));
  EXPECT_FALSE(registry_->is_no_claim(claim(9))) << "the parent's";
  EXPECT_EQ(registry_->claim_origin_of(claim(0xc)), ClaimOrigin::sibling);
  EXPECT_EQ(registry_->claim_origin_of(claim(9)), ClaimOrigin::host);
  EXPECT_EQ(registry_->claim_origin_of(event_of(ARPL_EVENT_CLAIM_FROM_WIRE, 0xc, "10.0.0.1")),
            ClaimOrigin::elsewhere);
}

TEST_F(OnMaps, a_station_with_a_containers_mac_and_an_address_of_its_own_shares_it) {
  update(web, {child(web, 2, 0xa, {"10.0.0.1"})});
  EXPECT_FALSE(registry_->on_own_mac(event_of(ARPL_EVENT_OWN_MAC, 0xa, "10.0.0.1"))) << "a loop";
  EXPECT_FALSE(registry_->on_own_mac(event_of(ARPL_EVENT_OWN_MAC, 0xa, "0.0.0.0"))) << "a probe";
  EXPECT_FALSE(registry_->on_own_mac(event_of(ARPL_EVENT_OWN_MAC, 9, "10.0.0.9"))) << "the parent's";
  EXPECT_TRUE(registry_->on_own_mac(event_of(ARPL_EVENT_OWN_MAC, 0xa, "10.0.0.9")));
  EXPECT_FALSE(registry_->on_own_mac(event_of(ARPL_EVENT_OWN_MAC, 0xa, "10.0.0.9"))) << "once";
  EXPECT_TRUE(registry_->shared().contains(0xa));
}

TEST_F(OnMaps, a_status_lists_endpoints_by_vlan_and_then_by_number) {
  auto tagged = child(web, 3, 0xb, {"10.0.0.1"});
  tagged.vlan = 5;
  update(web, {child(web, 2, 0xa, {"10.0.1.1", "9.0.0.200", "10.0.0.2"}), tagged});
  const auto status = gather(*made_, "nic0", 7, "/pins", second);
  std::vector<std::string> order;
  for (const auto& one : status.endpoints)
    order.push_back(std::to_string(one.vlan) + " " + format_ipv4(one.address));
  EXPECT_EQ(order, (std::vector<std::string>{"0 9.0.0.200", "0 10.0.0.2", "0 10.0.1.1", "5 10.0.0.1"}));
  EXPECT_EQ(status.pins, "/pins");
  EXPECT_EQ(status.fast_path, "off");
  (*made_).limits().flags = ARPL_LIMIT_FAST_PATH | ARPL_LIMIT_OBSERVE;
  const auto observing = gather(*made_, "nic0", 7, "/pins", second);
  EXPECT_EQ(observing.fast_path, "on");
  EXPECT_EQ(observing.mode, "observe");
}

TEST_F(OnMaps, the_senders_are_named_by_their_owners) {
  update(web, {child(web, 2, 0xa, {"10.0.0.1"})});
  const auto senders = gather_senders(*made_, registry_->owners(), "nic0");
  ASSERT_EQ(senders.size(), 2U);
  for (const auto& one : senders) EXPECT_EQ(one.interface, one.mac == 9 ? "nic0" : "eth2");
}

class WithEvents : public OnMaps {
 protected:
  void SetUp() override {
    OnMaps::SetUp();
    if (IsSkipped()) return;
    protocol_.emplace(state_.config, state_.own, *made_, *registry_, [](int) { return Fd{}; });
    events_.emplace(state_, *registry_, *protocol_, claims_);
  }
  bool on(const arpl_event& event) { return events_->on(event, now_ns()); }

  Claims claims_;
  std::optional<ProtocolDriver> protocol_;
  std::optional<ParentEvents> events_;
};

TEST_F(WithEvents, a_strangers_mac_is_remembered_until_it_is_taken) {
  EXPECT_FALSE(on(event_of(ARPL_EVENT_STRANGER, 0xe, "10.0.0.9"))) << "nothing for the protocol";
  EXPECT_TRUE(events_->take_stranger());
  EXPECT_FALSE(events_->take_stranger());
}

TEST_F(WithEvents, a_claim_is_noted_with_where_it_came_from_and_one_of_its_own_is_not) {
  update(web, {child(web, 2, 0xa, {"10.0.0.1"}), child(web, 3, 0xb, {})});
  EXPECT_FALSE(on(event_of(ARPL_EVENT_CLAIM_FROM_HOST, 0xb, "10.0.0.1")));
  EXPECT_TRUE(claims_.of(key_of("10.0.0.1")).empty());
  for (const auto& [type, source] : {std::pair{ARPL_EVENT_CLAIM_FROM_WIRE, Claims::Source::wire},
                                     std::pair{ARPL_EVENT_CLAIM_FROM_HOST, Claims::Source::host},
                                     std::pair{ARPL_EVENT_CLAIM_DROPPED, Claims::Source::dropped}}) {
    EXPECT_TRUE(on(event_of(type, 0xd, "10.0.0.1")));
    ASSERT_EQ(claims_.of(key_of("10.0.0.1")).size(), 1U);
    EXPECT_EQ(claims_.of(key_of("10.0.0.1"))[0].source, source);
  }
  EXPECT_TRUE(on(event_of(ARPL_EVENT_HOST_ANSWER, 0xd, "10.0.0.2")));
  EXPECT_EQ(claims_.of(key_of("10.0.0.2")).size(), 0U);
}

class LogLines : public WithEvents {
 protected:
  // Runs `what` and returns the lines that it has logged.
  static std::string lines(const std::function<void()>& what) {
    testing::internal::CaptureStdout();
    what();
    return testing::internal::GetCapturedStdout();
  }
};

TEST_F(LogLines, what_a_vepa_switch_sends_back_is_no_loop) {
  auto vepa = child(web, 2, 0xa, {"10.0.0.1"});
  vepa.mode = MacvlanMode::vepa;
  update(web, {vepa});
  update(db, {child(db, 2, 0xb, {"10.0.0.2"})});
  EXPECT_EQ(lines([&] { on(event_of(ARPL_EVENT_OWN_MAC, 0xa, "10.0.0.1")); }), "");
  EXPECT_NE(lines([&] { on(event_of(ARPL_EVENT_OWN_MAC, 0xb, "10.0.0.2")); }).find("a loop"),
            std::string::npos);
}

class WithWorker : public OnMaps {
 protected:
  ParentWorker& worker() {
    if (!worker_)
      worker_.emplace(state_, *made_, "/pins", [this](const ServiceWanted& wanted) -> std::unique_ptr<Service> {
        made_with_.push_back(wanted.ring);
        if (refuses_ && wanted.ring) throw SetupError("no ring");
        front_ = wanted.front;
        return std::make_unique<FakeService>(seen_);
      });
    return *worker_;
  }
  void decide_alone() {
    state_.own.port = PortKind::ethdev;
    state_.own.device = "net_ring0";
  }

  std::optional<ParentWorker> worker_;
  FakeService::Seen seen_;
  std::vector<bool> made_with_;
  arpl_tables* front_ = nullptr;
  bool refuses_ = false;
};

using std::chrono::milliseconds;

TEST_F(WithWorker, is_made_anew_only_where_what_it_was_made_for_has_changed) {
  worker().start(true, milliseconds{1});
  worker().fit(true);
  EXPECT_EQ(made_with_.size(), 1U);
  state_.link.rx_queues = 2;
  worker().fit(true);
  EXPECT_EQ(made_with_.size(), 2U) << "a ring on each queue";
  worker().fit(false);
  EXPECT_EQ(made_with_, (std::vector{true, true, false}));
  state_.link.rx_queues = 3;
  worker().fit(false);
  EXPECT_EQ(made_with_.size(), 3U) << "without rings their number is nothing to it";
  EXPECT_EQ(worker().lost_orders(), (LostOrders{.announcements = 9, .probes = 6}))
      << "those before it count on";
  EXPECT_EQ(worker().not_handed_over(), 3U * 4U);
}

TEST_F(WithWorker, without_the_ring_that_it_wants_serves_on_and_tries_again) {
  refuses_ = true;
  worker().fit(true);
  EXPECT_NE(worker().service(), nullptr);
  EXPECT_EQ(worker().ring_complaint(), "no ring");
  refuses_ = false;
  worker().fit(true);
  EXPECT_EQ(made_with_, (std::vector{true, false, true}));
  EXPECT_EQ(worker().ring_complaint(), "");
}

TEST_F(WithWorker, ends_where_nobody_needs_it) {
  worker().start(false, milliseconds{1});
  state_.config.mode = Mode::observe;
  worker().fit(false);
  EXPECT_EQ(worker().service(), nullptr);
  EXPECT_TRUE(seen_.stopped);
}

TEST_F(WithWorker, passes_a_boundary_only_for_what_was_answered_for) {
  worker().start(false, milliseconds{1});
  worker().settle(*registry_, true, false);
  EXPECT_EQ(seen_.boundaries, 0);
  worker().settle(*registry_, true, true);
  EXPECT_EQ(seen_.boundaries, 1);
}

TEST_F(WithWorker, that_stands_still_is_not_healthy_and_is_again_when_it_moves) {
  EXPECT_TRUE(worker().healthy(1 * second)) << "there is none";
  worker().start(false, milliseconds{1});
  EXPECT_TRUE(worker().healthy(10 * second));
  EXPECT_FALSE(worker().healthy(12 * second));
  ++seen_.heartbeat;
  EXPECT_TRUE(worker().healthy(13 * second));
}

TEST_F(WithWorker, that_decides_alone_sees_the_table_only_as_it_was_published_last) {
  decide_alone();
  worker().start(true, milliseconds{1});
  ASSERT_NE(front_, nullptr);
  update(web, {child(web, 2, 0xa, {"10.0.0.1"})});
  worker().publish(*registry_);
  const auto* before = front_->macs;
  EXPECT_TRUE(before->contains(0xa));
  EXPECT_TRUE(front_->endpoints->empty()) << "the index has room for it";
  update(web, {});
  seen_.passes = false;
  worker().settle(*registry_, true, true);
  EXPECT_FALSE(front_->macs->contains(0xa));
  EXPECT_TRUE(before->contains(0xa)) << "kept until the worker has passed a boundary";
  seen_.passes = true;
  worker().settle(*registry_, true, false);
  EXPECT_EQ(seen_.boundaries, 2);
}

// More endpoints in one set of the index than it has cells for: the hash has the others.
TEST_F(WithWorker, that_decides_alone_has_a_copy_of_what_the_index_has_no_room_for) {
  decide_alone();
  worker().start(true, milliseconds{1});
  std::map<std::uint32_t, std::vector<InterfaceAddress>> by_set;
  const auto factor = (*made_).hash_keys().factor;
  auto full = child(web, 2, 0xa, {});
  for (std::uint32_t i = 1; full.addresses.size() <= ARPL_INDEX_CELLS; ++i) {
    const InterfaceAddress one{.address = htonl(0x0a000000U + i), .prefix_bits = 8};
    auto& some = by_set[arpl_index_set_of(factor, arpl_index_cell(one.address, 0))];
    some.push_back(one);
    if (some.size() > ARPL_INDEX_CELLS) full.addresses = some;
  }
  std::ranges::sort(full.addresses, comes_before);
  full.addresses.push_back({.address = ip("172.16.0.1"), .prefix_bits = 16});
  update(web, {full});
  worker().publish(*registry_);
  const auto& copy = *front_->endpoints;
  EXPECT_EQ(copy.size(), ARPL_INDEX_CELLS + 1) << "all of that set, and nobody else";
  EXPECT_FALSE(copy.contains(key_of("172.16.0.1")));
}

TEST_F(WithWorker, that_decides_alone_has_its_verdicts_added_to_those_of_earlier_runs) {
  decide_alone();
  auto earlier = (*made_).verdicts();
  earlier[ARPL_reflect] = 5;
  (*made_).set_verdicts(earlier);
  worker().start(true, milliseconds{1});
  reinterpret_cast<std::uint64_t*>(front_->verdicts)[ARPL_reflect] = 2;
  arpl_event event{};
  event.type = ARPL_EVENT_STRANGER;
  front_->events->push(event);
  int events = 0;
  for (int i = 0; i < 2; ++i) worker().collect([&](const arpl_event&) { ++events; });
  EXPECT_EQ((*made_).verdicts()[ARPL_reflect], 7U);
  EXPECT_EQ(events, 1);
}

class WithLog : public OnMaps {
 protected:
  void SetUp() override {
    OnMaps::SetUp();
    if (!IsSkipped()) log_.emplace(state_, *registry_, history_, claims_);
  }
  void follow(Table::Changes changes) { log_->add(std::move(changes), now_ns(), now_ns()); }

  History history_;
  Claims claims_;
  std::optional<ChangeLog> log_;
};

TEST_F(WithLog, only_what_was_answered_for_awaits_a_boundary_when_it_goes) {
  auto ignoring = child(db, 3, 0xb, {"10.0.0.2"});
  ignoring.noarp = true;
  follow(update(web, {child(web, 2, 0xa, {"10.0.0.1"})}));
  follow(update(db, {ignoring}));
  EXPECT_TRUE(log_->changed());
  EXPECT_FALSE(log_->withdrawn());
  log_->settle(now_ns());
  EXPECT_FALSE(log_->changed());
  follow(update(db, {}));
  EXPECT_TRUE(log_->changed());
  EXPECT_FALSE(log_->withdrawn()) << "nobody answered for it";
  follow(update(web, {}));
  EXPECT_TRUE(log_->withdrawn());
  log_->settle(now_ns());
  EXPECT_FALSE(log_->withdrawn());
  EXPECT_EQ(log_->withdrawals().status().count, 1U);
  EXPECT_EQ(log_->found().status().count, 2U);
}

TEST_F(WithLog, what_was_claimed_of_an_endpoint_goes_with_it) {
  follow(update(web, {child(web, 2, 0xa, {"10.0.0.1"})}));
  claims_.on(key_of("10.0.0.1"), 0xd, Claims::Source::wire, now_ns());
  log_->settle(now_ns());
  follow(update(web, {child(web, 2, 0xb, {"10.0.0.1"})}));
  log_->settle(now_ns());
  EXPECT_EQ(claims_.of(key_of("10.0.0.1")).size(), 1U) << "it has only another MAC";
  follow(update(web, {}));
  log_->settle(now_ns());
  EXPECT_EQ(claims_.of(key_of("10.0.0.1")).size(), 0U);
}

class WithDriver : public OnMaps {
 protected:
  void SetUp() override {
    OnMaps::SetUp();
    if (IsSkipped()) return;
    state_.config.announce.refresh_ns = 60 * second;
    driver_.emplace(state_.config, state_.own, *made_, *registry_, [](int) { return Fd{}; });
  }
  void add(int nsid, const Interface& one) { driver_->follow(update(nsid, {one}), now_ns()); }
  void run(std::uint64_t time) {
    for (const auto end = now_ + time; now_ < end; now_ += second / 10) driver_->run(now_, &service_);
  }

  FakeService::Seen seen_;
  FakeService service_{seen_};
  std::optional<ProtocolDriver> driver_;
  std::uint64_t now_ = now_ns();
};

TEST_F(WithDriver, announces_what_has_come_and_nobody_who_has_gone) {
  add(web, child(web, 2, 0xa, {"10.0.0.1"}));
  run(10 * second);
  const auto announced = seen_.orders.size();
  EXPECT_GE(announced, 1U);
  EXPECT_EQ(seen_.orders[0].sender_ip, ip("10.0.0.1"));
  EXPECT_GE(seen_.wakes, 1);
  driver_->follow(update(web, {}), now_ns());
  run(200 * second);
  EXPECT_EQ(seen_.orders.size(), announced);
}

// The first announcement after a change goes through the container's own interface; one that can't be entered
// has it sent by the worker, a namespace in a turn.
TEST_F(WithDriver, a_frame_that_had_to_wait_is_not_sent_with_a_mac_that_its_endpoint_no_longer_has) {
  add(web, child(web, 2, 0xa, {"10.0.0.1"}));
  add(db, child(db, 3, 0xb, {"10.0.0.2"}));
  for (int i = 0; i < 1000 && seen_.orders.empty(); ++i) driver_->run(now_ += second / 100, &service_);
  ASSERT_EQ(seen_.orders.size(), 1U) << "the other one waits";
  const bool web_first = seen_.orders[0].sender_ip == ip("10.0.0.1");
  const Mac old_mac = web_first ? 0xb : 0xa;
  if (web_first) {
    add(db, child(db, 3, 0xc, {"10.0.0.2"}));
  } else {
    add(web, child(web, 2, 0xc, {"10.0.0.1"}));
  }
  run(10 * second);
  EXPECT_GE(seen_.orders.size(), 2U);
  for (const auto& frame : seen_.orders) EXPECT_NE(frame.sender_mac, old_mac);
}

TEST_F(WithDriver, nobody_asks_a_tagged_endpoints_gateway_while_tags_are_hidden) {
  state_.own.gateways = {ip("10.0.0.254")};
  driver_->set(state_.config, state_.own, now_);
  auto tagged = child(web, 2, 0xa, {"10.0.0.1"});
  tagged.vlan = 5;
  driver_->hide_tags(true);
  add(web, tagged);
  run(30 * second);
  const auto id = registry_->table().entries().begin()->second.slot;
  const auto asks = [&] {
    EndpointStatus status;
    driver_->describe(id, status, now_);
    return status.path.has_value();
  };
  EXPECT_FALSE(asks());
  driver_->hide_tags(false);
  tagged.mac = 0xb;
  add(web, tagged);
  run(30 * second);
  EXPECT_TRUE(asks());
}

TEST_F(WithDriver, without_a_worker_nothing_is_done) {
  EXPECT_EQ(driver_->run(now_, nullptr), kNever);
}

// Its namespace is this one, which has no route to such a gateway.
TEST(GatewaysOfEndpoints, the_configurations_goes_before_that_of_the_routes) {
  std::map<Id, Ipv4> found;
  int opened = 0;
  KernelHost host([&](int) {
    ++opened;
    return Fd{open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  });
  Gateways gateways(host);
  const auto endpoint = [](const char* address, int nsid) {
    Desired one;
    one.key = key_of(address);
    one.prefix_bits = 24;
    one.settings = Settings{.nsid = nsid, .ifindex = 1};
    return one;
  };
  std::uint64_t now = second;
  gateways.configure({ip("192.0.2.254")}, true, now);
  gateways.add(1, endpoint("192.0.2.1", web), now);
  gateways.add(2, endpoint("198.51.100.1", web), now);
  for (int i = 0; i < 5; ++i) now = gateways.tick(now, [&](Id id, Ipv4 gateway) { found[id] = gateway; });
  EXPECT_GE(opened, 2);
  EXPECT_EQ(found, (std::map<Id, Ipv4>{{1, ip("192.0.2.254")}, {2, 0}}));
}

}  // namespace
}  // namespace arpline
