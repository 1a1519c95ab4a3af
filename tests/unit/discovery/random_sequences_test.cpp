// SPDX-License-Identifier: Apache-2.0
// Random sequences of what befalls namespaces, links and addresses, against what the fake kernel has: whenever
// it has become quiet, the monitor knows exactly that.
#include <random>

#include "monitor_fixture.hpp"

namespace arpline {
namespace {

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
