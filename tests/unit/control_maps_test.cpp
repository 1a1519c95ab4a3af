// SPDX-License-Identifier: Apache-2.0
// Registry, events, change log and status of a parent, on real maps.
#include "control/change_log.hpp"
#include "control/gather.hpp"
#include "control/parent_events.hpp"
#include "on_maps.hpp"

namespace arpline {
namespace {

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
  registry_->choose(state_.own, Clock::now());
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
  const auto status = gather(*made_, "nic0", 7, "/pins", at(second));
  std::vector<std::string> order;
  for (const auto& one : status.endpoints)
    order.push_back(std::to_string(one.vlan) + " " + format_ipv4(one.address));
  EXPECT_EQ(order, (std::vector<std::string>{"0 9.0.0.200", "0 10.0.0.2", "0 10.0.1.1", "5 10.0.0.1"}));
  EXPECT_EQ(status.pins, "/pins");
  EXPECT_EQ(status.fast_path, "off");
  (*made_).limits().flags = ARPL_LIMIT_FAST_PATH | ARPL_LIMIT_OBSERVE;
  const auto observing = gather(*made_, "nic0", 7, "/pins", at(second));
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
  bool on(const arpl_event& event) { return events_->on(event, Clock::now()); }

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

class WithLog : public OnMaps {
 protected:
  void SetUp() override {
    OnMaps::SetUp();
    if (!IsSkipped()) log_.emplace(state_, *registry_, history_, claims_);
  }
  void follow(Table::Changes changes) { log_->add(std::move(changes), Clock::now(), Clock::now()); }

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
  log_->settle(Clock::now());
  EXPECT_FALSE(log_->changed());
  follow(update(db, {}));
  EXPECT_TRUE(log_->changed());
  EXPECT_FALSE(log_->withdrawn()) << "nobody answered for it";
  follow(update(web, {}));
  EXPECT_TRUE(log_->withdrawn());
  log_->settle(Clock::now());
  EXPECT_FALSE(log_->withdrawn());
  EXPECT_EQ(log_->withdrawals().status().count, 1U);
  EXPECT_EQ(log_->found().status().count, 2U);
}

TEST_F(WithLog, what_was_claimed_of_an_endpoint_goes_with_it) {
  follow(update(web, {child(web, 2, 0xa, {"10.0.0.1"})}));
  claims_.on(key_of("10.0.0.1"), 0xd, Claims::Source::wire, Clock::now());
  log_->settle(Clock::now());
  follow(update(web, {child(web, 2, 0xb, {"10.0.0.1"})}));
  log_->settle(Clock::now());
  EXPECT_EQ(claims_.of(key_of("10.0.0.1")).size(), 1U) << "it has only another MAC";
  follow(update(web, {}));
  log_->settle(Clock::now());
  EXPECT_EQ(claims_.of(key_of("10.0.0.1")).size(), 0U);
}

}  // namespace
}  // namespace arpline
