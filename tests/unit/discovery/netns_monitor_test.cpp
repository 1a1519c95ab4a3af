// SPDX-License-Identifier: Apache-2.0
// Random sequences of what befalls namespaces, links and addresses, against what the fake kernel has: whenever
// it has become quiet, the monitor knows exactly that.
#include "discovery/netns_monitor.hpp"

#include <gtest/gtest.h>
#include <linux/if.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "fake_kernel.hpp"

namespace arpline {
namespace {

using fake::Kernel;

constexpr std::uint64_t kTickNs = 250'000'000;
constexpr int kMostTurns = 4000;  // until it is quiet
using Key = std::pair<int, int>;  // nsid, ifindex

// Remembers what it was told last, and that what goes was told to go before.
class Listener final : public NetnsObserver {
 public:
  void on_interface_event(const InterfaceEvent& event) override {
    events.push_back(event);
    const bool ends = event.what == InterfaceEventKind::deleted || event.what == InterfaceEventKind::moved;
    if (ends) ended_.insert({event.nsid, event.ifindex});
    if (event.what == InterfaceEventKind::netns_destroyed) destroyed_.insert(event.nsid);
  }
  void on_children(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at) override {
    EXPECT_LE(heard_at, Kernel::one().clock_ns);
    std::map<int, Interface> now;
    for (const auto& child : children) EXPECT_TRUE(now.emplace(child.ifindex, child).second);
    if (!lost) {
      for (const auto& [ifindex, before] : told[nsid])
        EXPECT_TRUE(now.contains(ifindex) || ended_.contains({nsid, ifindex}) || destroyed_.contains(nsid) ||
                    moved_away)
            << "nsid " << nsid << " interface " << ifindex << " went without a reason";
    }
    for (const auto& [ifindex, child] : now) ended_.erase({nsid, ifindex});
    if (!now.empty()) destroyed_.erase(nsid);
    told[nsid] = std::move(now);
    if (told[nsid].empty()) told.erase(nsid);
    settled = false;
  }
  void on_children_told() override { settled = true; }
  void on_host_addresses(std::uint64_t) override { ++host_changes; }
  void on_own_links() override { ++link_changes; }
  void on_link(std::optional<int> nsid, int ifindex) override { links.emplace_back(nsid, ifindex); }

  std::map<int, std::map<int, Interface>> told;
  std::vector<InterfaceEvent> events;
  std::vector<std::pair<std::optional<int>, int>> links;
  int host_changes = 0;
  int link_changes = 0;
  bool settled = true;
  bool lost = false;        // events were, so that nobody knows why something went
  bool moved_away = false;  // the own VLAN interface below it may have gone

 private:
  std::set<Key> ended_;
  std::set<int> destroyed_;
};

class NetnsMonitorTest : public testing::Test {
 protected:
  NetnsMonitorTest() {
    std::filesystem::create_directories(folder_);
    Kernel::one().reset(folder_);
  }
  ~NetnsMonitorTest() override { std::filesystem::remove_all(folder_); }

  void start() {
    monitor_.emplace(listener_, std::vector{folder_});
    monitor_->look();
  }

  // Until nothing is to be done any more; without the reconcile, which would find everything.
  void become_quiet() {
    for (int turn = 0; turn < kMostTurns; ++turn) {
      monitor_->work();
      const auto patience = monitor_->patience_ms();
      if (kernel_.quiet() && patience < 0) return;
      kernel_.clock_ns += static_cast<std::uint64_t>(std::max(patience, 1)) * 1'000'000;
    }
    FAIL() << "it never becomes quiet";
  }

  // As long as it takes to look at everything again, net.ipv4.conf.all too.
  void reconcile() {
    const auto ticks = (NetnsMonitor::kReconcileNs + NetnsMonitor::kSettingsNs) / kTickNs + 10;
    for (std::uint64_t i = 0; i < ticks; ++i) {
      kernel_.clock_ns += kTickNs;
      monitor_->tick(kTickNs);
      monitor_->work();
    }
    become_quiet();
  }

  // Where a link's frames come in: its VLAN, or nowhere.
  static std::optional<OwnLinks::Place> place_of(int lower) {
    const auto& own = Kernel::one().own();
    const auto at = own.links.find(lower);
    if (at == own.links.end() || at->second.kind != "vlan") return OwnLinks::Place{.parent = lower, .vlan = 0};
    if (at->second.vlan_protocol != 0x8100) return std::nullopt;
    return OwnLinks::Place{.parent = at->second.lower, .vlan = at->second.vlan_id};
  }

  static std::optional<Interface> expected(const fake::Namespace& netns, const fake::Link& link) {
    const auto place = place_of(link.lower);
    if (!link.is_child() || link.lower_netns != Kernel::kOwn || !place) return std::nullopt;
    Interface interface { .parent = place->parent, .ifindex = link.ifindex, .name = link.name };
    interface.netns = {
        .nsid = netns.nsid.value_or(-1), .inode = netns.inode, .own = netns.number == Kernel::kOwn};
    interface.mac = link.mac;
    interface.vlan = place->vlan;
    interface.mode = static_cast<MacvlanMode>(link.mode);
    interface.up = (link.flags & IFF_UP) != 0;
    interface.running = (link.flags & IFF_RUNNING) != 0;
    interface.noarp = (link.flags & IFF_NOARP) != 0;
    interface.arp_ignore = std::max(link.arp_ignore, netns.arp_ignore);
    interface.rp_filter = std::max(link.rp_filter, netns.rp_filter);
    interface.addresses = link.addresses;
    std::ranges::sort(interface.addresses, comes_before);
    return interface;
  }

  void expect_right() {
    std::map<int, std::map<int, Interface>> wanted;
    for (const auto& [number, netns] : kernel_.namespaces())
      for (const auto& [ifindex, link] : netns.links)
        if (auto interface = expected(netns, link))
          wanted[netns.nsid.value_or(-1)].emplace(ifindex, std::move(*interface));
    auto told = listener_.told;
    for (auto& [nsid, interfaces] : told) {
      for (auto& [ifindex, interface] : interfaces) {
        // Earlier names are compared by another test.
        interface.first_name = interface.host_name = interface.netns.name = {};
        const auto in = wanted.find(nsid);
        if (in == wanted.end() || !in->second.contains(ifindex)) continue;  // the keys differ, below
        const auto& right = in->second.at(ifindex);
        EXPECT_TRUE(interface == right) << describe(interface) << "\n  for " << describe(right);
      }
    }
    EXPECT_EQ(keys_of(told), keys_of(wanted));
    EXPECT_TRUE(listener_.settled);
    expect_own_right();
  }

  void expect_own_right() {
    const auto& own = kernel_.own();
    const auto& parent = own.links.at(Kernel::kParent);
    std::vector<Mac> macs;
    bool uppers = false;
    std::set<Ipv4> addresses;
    for (const auto& [ifindex, link] : own.links) {
      for (const auto& one : link.addresses) addresses.insert(one.address);
      if (link.kind != "vlan") continue;
      uppers = true;
      if (link.mac != parent.mac) macs.push_back(link.mac);
    }
    const auto known = monitor_->links().parent(Kernel::kParent);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->name, ForeignText{parent.name});
    EXPECT_EQ(known->mac, parent.mac);
    EXPECT_EQ(known->vlan_macs, macs);
    EXPECT_EQ(known->vlan_uppers, uppers);
    EXPECT_EQ(known->carrier_ups, parent.carrier_ups);
    const auto host = monitor_->host_addresses(Kernel::kParent);
    EXPECT_EQ(host.all, addresses);
    const bool ignores = std::max(own.arp_ignore, parent.arp_ignore) > 0;
    EXPECT_EQ(host.only.contains(0), ignores);
  }

  static std::vector<Key> keys_of(const std::map<int, std::map<int, Interface>>& all) {
    std::vector<Key> keys;
    for (const auto& [nsid, interfaces] : all)
      for (const auto& [ifindex, interface] : interfaces) keys.emplace_back(nsid, ifindex);
    return keys;
  }

  static std::string describe(const Interface& one) {
    std::string text = "nsid " + std::to_string(one.netns.nsid) + " inode " + std::to_string(one.netns.inode) +
                       " " + std::to_string(one.ifindex) + " " + visible(one.name) + " " + format_mac(one.mac) +
                       " parent " + std::to_string(one.parent) + " vlan " + std::to_string(one.vlan) +
                       " mode " + std::to_string(static_cast<int>(one.mode)) + (one.up ? " up" : "") +
                       (one.running ? " running" : "") + (one.noarp ? " noarp" : "") + " arp_ignore " +
                       std::to_string(one.arp_ignore) + " rp_filter " + std::to_string(one.rp_filter);
    for (const auto& address : one.addresses)
      text += " " + format_ipv4(address.address) + "/" + std::to_string(address.prefix_bits);
    return text;
  }

  std::string folder_ = testing::TempDir() + "arpline-netns-" + std::to_string(getpid());
  Kernel& kernel_ = Kernel::one();
  Listener listener_;
  std::optional<NetnsMonitor> monitor_;
};

InterfaceAddress address(int number, std::uint8_t bits = 24) {
  return {.address = htonl(0x0a000000U + static_cast<unsigned>(number)), .prefix_bits = bits};
}

// Draws what happens next. Everything is drawn from one seed, so that a failure can be run again.
class Fortune {
 public:
  Fortune(unsigned seed, Listener& listener) : random_(seed), listener_(listener) {}

  int below(int most) { return std::uniform_int_distribution<int>{0, most - 1}(random_); }

  // False: Linux does not tell of this, so that it takes a reconcile to be seen.
  bool happen() {
    switch (below(20)) {
      case 0:
        if (kernel_.namespaces().size() < 8) kernel_.add_namespace(below(2) == 0);
        return true;
      case 1:
        if (const auto netns = some_namespace(); netns != Kernel::kOwn && below(2) == 0) kernel_.destroy(netns);
        return true;
      case 2:
      case 3:
        add_child();
        return true;
      case 4:
        return move();
      case 5:
        with_child([&](auto netns, int ifindex) { kernel_.remove_link(netns, ifindex); });
        return true;
      case 6:
      case 7:
      case 8:
        with_child([&](auto netns, int ifindex) { kernel_.add_address(netns, ifindex, some_address()); });
        return true;
      case 9:
      case 10:
        with_child([&](auto netns, int ifindex) { kernel_.remove_address(netns, ifindex, some_address()); });
        return true;
      case 11:
      case 12:
        with_child([&](auto netns, int ifindex) { kernel_.change(netns, ifindex, some_change()); });
        return true;
      case 13:
        change_own();
        return true;
      case 14:
        with_child(
            [&](auto netns, int ifindex) { kernel_.set_rp_filter(netns, below(2) * ifindex, below(3)); });
        return true;
      case 15:
        with_child(
            [&](auto netns, int ifindex) { kernel_.set_arp_ignore(netns, below(2) * ifindex, below(3)); });
        return false;
      case 16:
        change_ways(some_namespace());
        return true;
      case 17:
        if (below(4) != 0) return true;
        kernel_.lose_events();
        listener_.lost = true;
        return true;
      default:
        kernel_.say_bridge_port_gone(Kernel::kParent);
        return true;
    }
  }

 private:
  std::uint64_t some_namespace() {
    auto at = kernel_.namespaces().begin();
    std::advance(at, below(static_cast<int>(kernel_.namespaces().size())));
    return at->first;
  }

  InterfaceAddress some_address() { return address(1 + below(12), below(4) == 0 ? 16 : 24); }

  void with_child(const std::function<void(std::uint64_t, int)>& what) {
    std::vector<std::pair<std::uint64_t, int>> all;
    for (const auto& [number, netns] : kernel_.namespaces())
      for (const auto& [ifindex, link] : netns.links)
        if (link.is_child()) all.emplace_back(number, ifindex);
    if (all.empty()) return;
    const auto [netns, ifindex] = all[static_cast<std::size_t>(below(static_cast<int>(all.size())))];
    what(netns, ifindex);
  }

  // Now and then one that stands on an interface of the container's own.
  void add_child() {
    if (const auto netns = some_namespace(); netns != Kernel::kOwn && below(6) == 0) {
      kernel_.add_inner_child(netns);
      return;
    }
    std::vector<int> lowers{Kernel::kParent};
    for (const auto& [ifindex, link] : kernel_.own().links)
      if (link.kind == "vlan") lowers.push_back(ifindex);
    kernel_.add_child(some_namespace(),
                      lowers[static_cast<std::size_t>(below(static_cast<int>(lowers.size())))],
                      below(5) == 0 ? "macvtap" : "macvlan");
  }

  // Out of one container into another that has no id here yet, nobody is told.
  bool move() {
    bool told = true;
    with_child([&](auto from, int ifindex) {
      const auto to = some_namespace();
      if (to == from) return;
      told = from == Kernel::kOwn || to == Kernel::kOwn || kernel_.at(to).nsid.has_value();
      kernel_.move(from, ifindex, to);
    });
    return told;
  }

  std::function<void(fake::Link&)> some_change() {
    switch (below(6)) {
      case 0:
        return [](fake::Link& link) { link.flags ^= IFF_UP; };
      case 1:
        return [](fake::Link& link) { link.flags ^= IFF_RUNNING; };
      case 2:
        return [](fake::Link& link) { link.flags ^= IFF_NOARP; };
      case 3:
        return [mac = 0x020000001000U + static_cast<unsigned>(below(4))](fake::Link& link) { link.mac = mac; };
      case 4:
        return [name = "renamed" + std::to_string(below(4))](fake::Link& link) { link.name = name; };
      default:
        return [mode = 1U << below(4)](fake::Link& link) { link.mode = mode; };
    }
  }

  void change_own() {
    std::vector<int> vlans;
    for (const auto& [ifindex, link] : kernel_.own().links)
      if (link.kind == "vlan") vlans.push_back(ifindex);
    switch (below(5)) {
      case 0:
        if (vlans.size() < 3)
          kernel_.add_vlan(static_cast<std::uint16_t>(1 + below(3)), below(3) == 0 ? 0x88a8 : 0x8100);
        return;
      case 1:
        if (!vlans.empty())
          kernel_.change(Kernel::kOwn, vlans.front(),
                         [mac = 0x02U + static_cast<unsigned>(below(3))](fake::Link& link) { link.mac = mac; });
        return;
      case 2:
        return kernel_.add_address(Kernel::kOwn, Kernel::kParent, some_address());
      case 3:
        return kernel_.remove_address(Kernel::kOwn, Kernel::kParent, some_address());
      default:
        return kernel_.change(Kernel::kOwn, Kernel::kParent, [](fake::Link& link) { ++link.carrier_ups; });
    }
  }

  // One way into it stays.
  void change_ways(std::uint64_t number) {
    if (number == Kernel::kOwn) return;
    auto& netns = kernel_.at(number);
    if (netns.path.empty()) {
      kernel_.mount(number);
    } else if (netns.pid == 0) {
      kernel_.start_process(number);
    } else if (below(2) == 0) {
      kernel_.unmount(number);
    } else {
      kernel_.end_process(number);
    }
  }

  std::mt19937 random_;
  Listener& listener_;
  Kernel& kernel_ = Kernel::one();
};

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
  kernel_.clock_ns += 500'000'000;
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
  kernel_.clock_ns += NetnsFolders::kPatienceNs + 1;  // nobody waits for the others any more
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

class RandomSequences : public NetnsMonitorTest, public testing::WithParamInterface<int> {};

TEST_P(RandomSequences, leave_the_picture_equal_to_the_kernel) {
  for (int run = 0; run < 5; ++run) {
    const auto seed = static_cast<unsigned>(GetParam() * 1000 + run);
    SCOPED_TRACE("seed " + std::to_string(seed));
    monitor_.reset();
    kernel_.reset(folder_);
    listener_ = {};
    kernel_.interrupted_percent = seed % 3 == 0 ? 5 : 0;
    Fortune fortune(seed, listener_);
    start();
    for (int round = 0; round < 12; ++round) {
      bool told = true;
      const auto happen = [&] { told = fortune.happen() && told; };
      // Changes while the monitor asks: its answer is older or newer than the events.
      int races = seed % 2 == 0 ? fortune.below(4) : 0;
      kernel_.meanwhile = [&] {
        if (races > 0 && fortune.below(10) == 0) --races, happen();
      };
      for (int i = fortune.below(12); i >= 0; --i) {
        happen();
        if (fortune.below(4) == 0) monitor_->work();
      }
      become_quiet();
      races = 0;
      if (!told || fortune.below(8) == 0) reconcile();
      expect_right();
      if (HasFailure()) return;
      listener_.lost = false;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSequences, testing::Range(0, 20));

}  // namespace
}  // namespace arpline
