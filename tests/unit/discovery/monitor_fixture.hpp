// SPDX-License-Identifier: Apache-2.0
// A monitor over the fake kernel, and what it must know of it when it has become quiet.
#pragma once

#include <gtest/gtest.h>
#include <linux/if.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "discovery/netns_monitor.hpp"
#include "fake_kernel.hpp"

namespace arpline {

using fake::Kernel;

inline constexpr Duration kTick = 250ms;
inline constexpr int kMostTurns = 4000;  // until it is quiet
using Key = std::pair<int, int>;         // nsid, ifindex

/// Remembers what it was told last, and that what goes was told to go before.
class Listener final : public NetnsObserver {
 public:
  void on_interface_event(const InterfaceEvent& event) override {
    events.push_back(event);
    const bool ends = event.what == InterfaceEventKind::deleted || event.what == InterfaceEventKind::moved;
    if (ends) ended_.insert({event.nsid, event.ifindex});
    if (event.what == InterfaceEventKind::netns_destroyed) destroyed_.insert(event.nsid);
  }
  void on_children(int nsid, const std::vector<Interface>& children, Instant heard_at) override {
    EXPECT_LE(heard_at, Instant{Kernel::one().clock});
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
  void on_host_addresses(Instant) override { ++host_changes; }
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

/// A monitor of the fake kernel.
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
      kernel_.clock += std::chrono::milliseconds{std::max(patience, 1)};
    }
    FAIL() << "it never becomes quiet";
  }

  // As long as it takes to look at everything again, net.ipv4.conf.all too.
  void reconcile() {
    const auto ticks = (NetnsMonitor::kReconcile + NetnsMonitor::kSettings) / kTick + 10;
    for (std::uint64_t i = 0; i < ticks; ++i) {
      kernel_.clock += kTick;
      monitor_->tick(kTick);
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

inline InterfaceAddress address(int number, std::uint8_t bits = 24) {
  return {.address = htonl(0x0a000000U + static_cast<unsigned>(number)), .prefix_bits = bits};
}

}  // namespace arpline
