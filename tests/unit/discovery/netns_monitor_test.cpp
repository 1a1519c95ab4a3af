// SPDX-License-Identifier: Apache-2.0
#include "discovery/netns_monitor.hpp"

#include <fstream>

#include "monitor_fixture.hpp"

namespace arpline {
namespace {

TEST_F(NetnsMonitorTest, a_child_is_known_by_its_name_in_the_host_and_by_the_one_it_first_had_an_address_with) {
  const auto netns = kernel_.add_namespace(true);
  start();
  const auto in_host = kernel_.add_child(Kernel::kOwn, Kernel::kParent);
  kernel_.change(Kernel::kOwn, in_host, [](fake::Link& link) { link.name = "veth-of-web"; });
  become_quiet();
  const auto inside = kernel_.move(Kernel::kOwn, in_host, netns);
  become_quiet();
  kernel_.change(netns, inside, [](fake::Link& link) { link.name = "eth0"; });
  become_quiet();
  const auto nsid = kernel_.at(netns).nsid.value();
  const auto known = [&]() -> const Interface& { return listener_.told.at(nsid).at(inside); };
  EXPECT_EQ(known().first_name, "eth0") << "it has no address yet";
  kernel_.add_address(netns, inside, address(1));
  become_quiet();
  kernel_.change(netns, inside, [](fake::Link& link) { link.name = "another"; });
  become_quiet();
  reconcile();
  EXPECT_EQ(known().name, "another");
  EXPECT_EQ(known().first_name, "eth0");
  EXPECT_EQ(known().host_name, "veth-of-web");
}

TEST_F(NetnsMonitorTest, what_happens_to_a_child_is_told_in_its_order_and_once) {
  const auto netns = kernel_.add_namespace(true);
  const auto child = kernel_.add_child(netns, Kernel::kParent);
  start();
  listener_.events.clear();
  const auto flip = [&](unsigned flags) {
    kernel_.change(netns, child, [flags](fake::Link& link) { link.flags ^= flags; });
  };
  flip(IFF_UP | IFF_RUNNING);
  flip(IFF_RUNNING);
  flip(IFF_RUNNING);
  flip(IFF_UP | IFF_RUNNING);
  kernel_.change(netns, child, [](fake::Link& link) { link.mac = 5; });
  kernel_.change(netns, child, [](fake::Link& link) { link.name = "b"; });
  kernel_.add_address(netns, child, address(1));
  become_quiet();
  kernel_.remove_address(netns, child, address(1));
  kernel_.remove_link(netns, child);
  become_quiet();
  std::vector<InterfaceEventKind> kinds;
  for (const auto& event : listener_.events) kinds.push_back(event.what);
  using enum InterfaceEventKind;
  EXPECT_EQ(kinds, (std::vector{link_up, carrier_lost, carrier_back, link_down, mac_changed, renamed,
                                address_added, address_removed, deleted}));
}

TEST_F(NetnsMonitorTest, what_becomes_of_a_child_that_goes_is_told) {
  const auto one = kernel_.add_namespace(true);
  const auto other = kernel_.add_namespace(true);
  const auto moves = kernel_.add_child(one, Kernel::kParent);
  kernel_.add_child(one, Kernel::kParent);
  start();
  listener_.events.clear();
  const auto nsid = kernel_.at(one).nsid.value();
  kernel_.move(one, moves, other);
  kernel_.destroy(one);
  become_quiet();
  const auto has = [&](int ifindex, InterfaceEventKind what) {
    return std::ranges::any_of(listener_.events, [&](const InterfaceEvent& event) {
      return event.nsid == nsid && event.ifindex == ifindex && event.what == what;
    });
  };
  EXPECT_TRUE(has(moves, InterfaceEventKind::moved));
  EXPECT_TRUE(has(0, InterfaceEventKind::netns_destroyed));
  expect_right();
}

// The answer lacks it, and the event of its end waits behind: the reason goes before the fact all the same
// (Listener).
TEST_F(NetnsMonitorTest, a_child_that_goes_while_the_kernel_is_asked_is_told_with_its_reason) {
  const auto netns = kernel_.add_namespace(true);
  const auto first = kernel_.add_child(netns, Kernel::kParent);
  const auto second = kernel_.add_child(netns, Kernel::kParent);
  start();
  const auto ended = [&](int ifindex) {
    return std::ranges::any_of(listener_.events, [ifindex](const InterfaceEvent& event) {
      return event.ifindex == ifindex && event.what == InterfaceEventKind::deleted;
    });
  };
  int going = first;
  kernel_.meanwhile = [&] {
    if (const auto ifindex = std::exchange(going, 0); ifindex != 0) kernel_.remove_link(netns, ifindex);
  };
  kernel_.set_rp_filter(netns, 0, 1);  // the whole namespace is read
  monitor_->work();
  EXPECT_TRUE(ended(first));
  going = second;
  kernel_.add_address(netns, second, address(1));  // that interface is
  monitor_->work();
  EXPECT_TRUE(ended(second));
  become_quiet();
  expect_right();
}

// A removal is reported in the turn in which it is heard, whatever else is to be done; an addition may wait.
TEST_F(NetnsMonitorTest, an_address_that_goes_is_told_at_once_among_many_that_come) {
  const auto netns = kernel_.add_namespace(true);
  const auto child = kernel_.add_child(netns, Kernel::kParent);
  for (int i = 1; i <= 400; ++i) kernel_.add_address(netns, child, address(i));
  start();
  const auto nsid = kernel_.at(netns).nsid.value();
  const auto told = [&] { return listener_.told.at(nsid).at(child).addresses; };
  EXPECT_EQ(told().size(), 400U);
  for (int i = 401; i <= 500; ++i) kernel_.add_address(netns, child, address(i));
  kernel_.remove_address(netns, child, address(7));
  kernel_.meanwhile = [&] {
    // Asked before it has told: it would answer for the address meanwhile.
    EXPECT_EQ(std::ranges::count(told(), address(7)), 0);
  };
  monitor_->work();
  kernel_.meanwhile = [] {};
  EXPECT_EQ(std::ranges::count(told(), address(7)), 0);
  become_quiet();
  EXPECT_EQ(told().size(), 499U);
  expect_right();
}

TEST_F(NetnsMonitorTest, of_an_interface_with_many_addresses_the_last_word_about_each_counts) {
  const auto netns = kernel_.add_namespace(true);
  const auto child = kernel_.add_child(netns, Kernel::kParent);
  for (int i = 1; i <= 300; ++i) kernel_.add_address(netns, child, address(i));
  start();
  for (int i = 290; i <= 310; ++i) {
    kernel_.remove_address(netns, child, address(i));
    kernel_.add_address(netns, child, address(i));
    kernel_.remove_address(netns, child, address(i));
  }
  kernel_.change(netns, child, [](fake::Link& link) { link.mac = 5; });
  kernel_.add_address(netns, child, address(301));
  kernel_.set_rp_filter(netns, child, 1);
  become_quiet();
  expect_right();
  kernel_.remove_address(netns, child, address(302));
  kernel_.remove_link(netns, child);
  kernel_.add_child(netns, Kernel::kParent);
  become_quiet();
  expect_right();
}

TEST_F(NetnsMonitorTest, a_file_that_is_there_before_its_namespace_is_looked_at_again) {
  const auto netns = kernel_.add_namespace(false);
  kernel_.add_child(netns, Kernel::kParent);
  start();
  kernel_.end_process(netns);
  const auto file = folder_ + "/late";
  std::ofstream{file};
  monitor_->work();
  kernel_.clock += 500ms;
  monitor_->work();
  kernel_.at(netns).path = file;
  become_quiet();
  EXPECT_FALSE(monitor_->open(kernel_.at(netns).nsid.value()).get() < 0) << "there is a way into it";
}

// Its file is one too many to wait for, and nothing else tells of it.
TEST_F(NetnsMonitorTest, more_files_than_it_waits_for_are_found_by_a_search) {
  const auto netns = kernel_.add_namespace(true);
  kernel_.unmount(netns);
  const auto child = kernel_.add_child(netns, Kernel::kParent);
  start();
  become_quiet();
  for (std::size_t i = 0; i < NetnsFolders::kMostWaiting; ++i)
    std::ofstream{folder_ + "/f" + std::to_string(i)};
  kernel_.mount(netns);
  monitor_->work();
  kernel_.clock += NetnsFolders::kPatience + 1ns;  // nobody waits for the others any more
  become_quiet();
  ASSERT_TRUE(kernel_.at(netns).nsid);
  EXPECT_TRUE(listener_.told.at(*kernel_.at(netns).nsid).contains(child));
}

TEST_F(NetnsMonitorTest, a_link_that_is_no_macvlan_is_told_with_its_namespace) {
  const auto netns = kernel_.add_namespace(true);
  kernel_.add_child(netns, Kernel::kParent);
  start();
  become_quiet();
  listener_.links.clear();
  kernel_.change(netns, 1, [](fake::Link& link) { link.flags ^= IFF_UP; });
  kernel_.change(Kernel::kOwn, 1, [](fake::Link& link) { link.flags ^= IFF_UP; });
  become_quiet();
  EXPECT_EQ(listener_.links,
            (std::vector<std::pair<std::optional<int>, int>>{{kernel_.at(netns).nsid, 1}, {std::nullopt, 1}}));
}

}  // namespace
}  // namespace arpline
