// SPDX-License-Identifier: Apache-2.0
// The protocol driver on real maps, and the gateways that it asks for.
#include "control/protocol_driver.hpp"

#include <fcntl.h>

#include "on_maps.hpp"

namespace arpline {
namespace {

class WithDriver : public OnMaps {
 protected:
  void SetUp() override {
    OnMaps::SetUp();
    if (IsSkipped()) return;
    state_.config.announce.refresh = 60 * second;
    driver_.emplace(state_.config, state_.own, *made_, *registry_, [](int) { return Fd{}; });
  }
  void add(int nsid, const Interface& one) { driver_->follow(update(nsid, {one}), Clock::now()); }
  void run(Duration time) {
    for (const auto end = now_ + time; now_ < end; now_ += second / 10) driver_->run(now_, &service_);
  }

  FakeService::Seen seen_;
  FakeService service_{seen_};
  std::optional<ProtocolDriver> driver_;
  Instant now_ = Clock::now();
};

TEST_F(WithDriver, announces_what_has_come_and_nobody_who_has_gone) {
  add(web, child(web, 2, 0xa, {"10.0.0.1"}));
  run(10 * second);
  const auto announced = seen_.orders.size();
  EXPECT_GE(announced, 1U);
  EXPECT_EQ(seen_.orders[0].sender_ip, ip("10.0.0.1"));
  EXPECT_GE(seen_.wakes, 1);
  driver_->follow(update(web, {}), Clock::now());
  run(200 * second);
  EXPECT_EQ(seen_.orders.size(), announced);
}

TEST_F(WithDriver, a_namespace_with_many_interfaces_has_no_more_turns_than_one_with_one) {
  std::vector<Interface> nested;
  for (int i = 0; i < 16; ++i) {
    const auto address = "10.0.1." + std::to_string(i + 1);
    nested.push_back(child(web, 2 + i, 0x100U + static_cast<Mac>(i), {address.c_str()}));
  }
  auto changes = update(web, nested);
  driver_->follow(changes, Clock::now());
  add(db, child(db, 2, 0xb, {"10.0.0.1"}));
  run(60 * second);
  const auto first = std::ranges::find(seen_.orders, ip("10.0.0.1"), &arpl_write::sender_ip);
  ASSERT_NE(first, seen_.orders.end());
  EXPECT_LT(first - seen_.orders.begin(), 4);
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
  Instant now = at(second);
  gateways.configure({ip("192.0.2.254")}, true, now);
  gateways.add(1, endpoint("192.0.2.1", web), now);
  gateways.add(2, endpoint("198.51.100.1", web), now);
  for (int i = 0; i < 5; ++i) now = gateways.tick(now, [&](Id id, Ipv4 gateway) { found[id] = gateway; });
  EXPECT_GE(opened, 2);
  EXPECT_EQ(found, (std::map<Id, Ipv4>{{1, ip("192.0.2.254")}, {2, 0}}));
}

}  // namespace
}  // namespace arpline
