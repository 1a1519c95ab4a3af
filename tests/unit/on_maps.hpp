// SPDX-License-Identifier: Apache-2.0
// What the tests of a parent's parts on real maps share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "control/endpoint_registry.hpp"
#include "control/parent_state.hpp"
#include "control_maps.hpp"
#include "instant.hpp"
#include "worker/service.hpp"

namespace arpline {

inline constexpr Duration second = 1s;
inline constexpr int web = 4;  // namespaces, by id
inline constexpr int db = 5;

inline Ipv4 ip(const char* text) {
  return ipv4_from_text(text).value();
}

inline arpl_endpoint_key key_of(const char* address, std::uint16_t vlan = 0) {
  return {.address = ip(address), .vlan = vlan, .zero = 0};
}

inline Interface child(int nsid, int ifindex, Mac mac, std::vector<const char*> addresses) {
  Interface one{.netns = {.nsid = nsid, .name = nsid == web ? "web" : "db"}, .parent = 7, .ifindex = ifindex};
  one.name = one.first_name = "eth" + std::to_string(ifindex);
  one.mac = mac;
  one.up = one.running = true;
  for (const auto* address : addresses) one.addresses.push_back({.address = ip(address), .prefix_bits = 24});
  std::ranges::sort(one.addresses, comes_before);
  return one;
}

/// A worker that notes what is asked of it.
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

/// The registry of a parent on real maps; skipped where this process may make none.
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
    return registry_->update(nsid, std::move(children), Clock::now());
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
    event.time_ns = raw(Clock::now());
    return event;
  }

  RealMaps made_;
  ParentState state_;
  std::vector<Interface> children_;
  std::optional<EndpointRegistry> registry_;
};

}  // namespace arpline
