// SPDX-License-Identifier: Apache-2.0
#include "endpoints/history.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration kSecond = 1s;

struct HistoryTest : testing::Test {
  Ipv4 address = inet_addr("10.0.0.5");
  Desired endpoint{.key = {.address = address, .vlan = 0, .zero = 0},
                   .word = 0x42,
                   .settings = Settings{.nsid = 7, .ifindex = 2},
                   .netns = "c1",
                   .interface = "mv0"};
  History history;

  void on(Instant at, InterfaceEventKind what, int ifindex = 2, Ipv4 of = 0, int nsid = 7) {
    history.on({.at = at, .nsid = nsid, .ifindex = ifindex, .what = what, .address = of});
  }
};

TEST_F(HistoryTest, names_the_event_that_removed_the_address_and_the_time_since_up) {
  on(at(1 * kSecond), InterfaceEventKind::appeared);
  on(at(2 * kSecond), InterfaceEventKind::link_up);
  on(at(5 * kSecond + 200ms), InterfaceEventKind::address_removed, 2, address);
  const auto& tombstone = history.gone("eth0", endpoint, at(6 * kSecond));
  EXPECT_EQ(reason_of(tombstone), "address removed 3.2 s after up");
  EXPECT_EQ(tombstone.trail.size(), 1U);
}

TEST_F(HistoryTest, keeps_the_order_of_events_and_those_after_the_end) {
  on(at(2 * kSecond), InterfaceEventKind::link_up);
  on(at(3 * kSecond), InterfaceEventKind::address_removed, 2, address);
  history.gone("eth0", endpoint, at(3 * kSecond));
  on(at(4 * kSecond), InterfaceEventKind::link_down);
  on(at(5 * kSecond), InterfaceEventKind::netns_destroyed, 0);
  const auto& trail = history.tombstones().back().trail;
  ASSERT_EQ(trail.size(), 3U);
  EXPECT_EQ(describe(trail[0]), "address 10.0.0.5 removed");
  EXPECT_EQ(describe(trail[1]), "link down");
  EXPECT_EQ(describe(trail[2]), "namespace destroyed");
}

TEST_F(HistoryTest, a_namespace_that_is_destroyed_takes_its_interfaces_along) {
  on(at(2 * kSecond), InterfaceEventKind::link_up);
  on(at(9 * kSecond), InterfaceEventKind::netns_destroyed, 0);
  EXPECT_EQ(reason_of(history.gone("eth0", endpoint, at(9 * kSecond))), "namespace destroyed 7.0 s after up");
}

TEST_F(HistoryTest, without_events_it_gives_no_reason) {
  const auto& tombstone = history.gone("eth0", endpoint, at(9 * kSecond));
  EXPECT_EQ(reason_of(tombstone), "no longer found");
  EXPECT_FALSE(tombstone.up_at);
}

TEST_F(HistoryTest, address_that_goes_with_its_interface_was_not_removed_by_itself) {
  on(at(1 * kSecond), InterfaceEventKind::link_up);
  on(at(3 * kSecond), InterfaceEventKind::address_removed, 2, address);
  on(at(3 * kSecond + 1ms), InterfaceEventKind::deleted);
  EXPECT_EQ(reason_of(history.gone("eth0", endpoint, at(3 * kSecond))), "interface deleted 2.0 s after up");
}

TEST_F(HistoryTest, interface_that_goes_long_after_its_address_is_not_the_reason) {
  on(at(1 * kSecond), InterfaceEventKind::link_up);
  on(at(3 * kSecond), InterfaceEventKind::address_removed, 2, address);
  on(at(4 * kSecond), InterfaceEventKind::deleted);
  EXPECT_EQ(reason_of(history.gone("eth0", endpoint, at(4 * kSecond))), "address removed 2.0 s after up");
}

TEST_F(HistoryTest, an_endpoint_from_before_the_start_has_no_up_time) {
  on(at(9 * kSecond), InterfaceEventKind::deleted);
  EXPECT_EQ(reason_of(history.gone("eth0", endpoint, at(9 * kSecond))), "interface deleted");
}

TEST_F(HistoryTest, other_interfaces_and_much_later_events_are_left_out) {
  on(at(1 * kSecond), InterfaceEventKind::link_up);
  on(at(2 * kSecond), InterfaceEventKind::deleted);
  history.gone("eth0", endpoint, at(2 * kSecond));
  on(at(3 * kSecond), InterfaceEventKind::link_down, 3);
  on(at(3 * kSecond), InterfaceEventKind::link_down, 2, 0, 8);
  on(at(2 * kSecond + History::kAftermath + 1ns), InterfaceEventKind::netns_destroyed, 0);
  EXPECT_EQ(history.tombstones().back().trail.size(), 1U);
}

TEST_F(HistoryTest, renamed_parent_keeps_its_tombstones) {
  history.gone("eth0", endpoint, at(kSecond));
  history.gone("eth1", endpoint, at(kSecond));
  history.rename("eth0", "lan0");
  EXPECT_EQ(history.tombstones().front().parent, "lan0");
  EXPECT_EQ(history.tombstones().back().parent, "eth1");
}

TEST_F(HistoryTest, a_namespace_that_comes_and_goes_evicts_no_records_of_another) {
  auto quiet = endpoint;
  quiet.settings = Settings{.nsid = 8, .ifindex = 2};
  quiet.netns = "quiet";
  history.gone("eth0", quiet, at(kSecond));
  for (std::uint64_t i = 0; i < 3 * History::kMostTombstones; ++i)
    history.gone("eth0", endpoint, at(2 * kSecond + duration_from_raw(i)));
  EXPECT_EQ(history.tombstones().size(), History::kMostTombstones);
  EXPECT_EQ(history.tombstones().front().netns, "quiet");
  on(at(3 * kSecond), InterfaceEventKind::deleted, 2, 0, 8);
  EXPECT_EQ(reason_of(history.tombstones().front()), "interface deleted") << "and what follows is still added";
}

TEST_F(HistoryTest, interfaces_of_one_namespace_leave_room_for_those_of_others) {
  for (int i = 1; i <= static_cast<int>(History::kMostInterfaces) + 10; ++i)
    on(at(kSecond), InterfaceEventKind::appeared, i);
  on(at(2 * kSecond), InterfaceEventKind::link_up, 2, 0, 8);
  EXPECT_EQ(history.life_of({.nsid = 8, .ifindex = 2}).size(), 1U);
}

TEST_F(HistoryTest, is_bounded) {
  for (std::uint64_t i = 0; i < 3 * History::kMostTombstones; ++i)
    history.gone("eth0", endpoint, at(duration_from_raw(i)));
  EXPECT_EQ(history.tombstones().size(), History::kMostTombstones);
  for (int i = 0; i < 100; ++i)
    on(instant_from_raw(3 * History::kMostTombstones), InterfaceEventKind::link_down);
  EXPECT_EQ(history.tombstones().back().trail.size(), History::kLongestTrail);
}

}  // namespace
}  // namespace arpline
