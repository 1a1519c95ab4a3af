// SPDX-License-Identifier: Apache-2.0
#include "doctor_facts.hpp"

namespace arpline::doctor {
namespace {

// 10.1.0.0/24 is nic1's subnet, but the container's parent is nic0.
Facts on_wrong_parent() {
  auto facts = healthy_host();
  web_device(facts).addresses = {{.address = ip("10.1.0.11"), .prefix_bits = 24}};
  web(facts).routes = {{.destination = ip("10.1.0.0"), .prefix_bits = 24, .ifindex = kMv0},
                       {.ifindex = kMv0, .gateway = ip("10.1.0.1")}};
  web(facts).neighbours = {{.address = ip("10.1.0.1"), .ifindex = kMv0, .state = NUD_FAILED}};
  return facts;
}

TEST(DoctorWrongParent, subnet_is_on_another_nic_and_nobody_answers) {
  const auto told = only(on_wrong_parent(), "wrong_parent");
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_EQ(told.certainty, Certainty::likely);
  EXPECT_TRUE(contains(told.evidence, "nic1"));
  EXPECT_TRUE(contains(told.command.text(), "link nic1 name mv0"));
  EXPECT_TRUE(contains(told.command.text(), "default via 10.1.0.1"));
}

TEST(DoctorWrongParent, only_a_note_to_who_asks_for_it_before_it_has_asked_anybody) {
  auto facts = on_wrong_parent();
  web(facts).neighbours.clear();
  expect_healthy(facts);
  facts.asked = "mv0";
  EXPECT_EQ(only(facts, "wrong_parent").severity, Severity::note);
  EXPECT_EQ(exit_code(examine(facts)), 0);
}

TEST(DoctorWrongParent, not_when_somebody_answered_through_the_parent) {
  auto facts = on_wrong_parent();
  web(facts).neighbours.push_back(
      {.address = ip("10.1.0.9"), .ifindex = kMv0, .mac = kGatewayMac, .state = NUD_STALE});
  expect_healthy(facts);
  web(facts).neighbours.back().mac = db_device(facts).mac;  // a sibling answers without the wire
  only(facts, "wrong_parent");
}

TEST(DoctorWrongParent, not_when_the_parent_has_the_subnet_too) {
  auto facts = on_wrong_parent();
  facts.namespaces[0].routes.push_back({.destination = ip("10.1.0.0"), .prefix_bits = 25, .ifindex = kNic0});
  expect_healthy(facts);
}

TEST(DoctorWrongParent, a_nic_without_carrier_is_not_where_it_belongs) {
  auto facts = on_wrong_parent();
  facts.namespaces[0].devices[1].running = false;
  expect_healthy(facts);
}

TEST(DoctorWrongParent, a_route_through_a_gateway_does_not_say_where_the_subnet_is) {
  auto facts = on_wrong_parent();
  facts.namespaces[0].devices[1].addresses.clear();
  EXPECT_TRUE(contains(only(facts, "wrong_parent").evidence, "routes 10.1.0.0/24 to nic1"));
  facts.namespaces[0].routes[1].gateway = ip("10.1.9.1");
  expect_healthy(facts);
}

TEST(DoctorWrongParent, not_when_a_macvlan_of_the_host_on_the_parent_has_the_subnet) {
  auto facts = on_wrong_parent();
  facts.namespaces[0].devices.push_back(macvlan("shim", 0x0200000000b0, "10.1.0.3"));
  expect_healthy(facts);
}

TEST(DoctorWrongParent, the_gateway_as_neighbour_on_another_nic) {
  auto facts = on_wrong_parent();
  facts.namespaces[0].devices[1].addresses.clear();
  facts.namespaces[0].routes.erase(facts.namespaces[0].routes.begin() + 1);
  expect_healthy(facts);
  facts.namespaces[0].neighbours.push_back(
      {.address = ip("10.1.0.1"), .ifindex = kNic1, .mac = kGatewayMac, .state = NUD_REACHABLE});
  EXPECT_TRUE(contains(only(facts, "wrong_parent").evidence, "gateway 10.1.0.1"));
}

TEST(DoctorWrongParent, not_when_the_requester_of_the_subnet_came_through_the_parent) {
  auto facts = on_wrong_parent();
  facts.parents[0].endpoints.push_back({.address = ip("10.1.0.11"),
                                        .mac = web_device(facts).mac,
                                        .last_requester = ip("10.1.0.9"),
                                        .last_requester_mac = kGatewayMac});
  expect_healthy(facts);
}

TEST(DoctorInterfaceDown, says_who_and_how_to_mend_it) {
  auto facts = healthy_host();
  web_device(facts).up = web_device(facts).running = false;
  const auto told = only(facts, "interface_down");
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_EQ(told.command.text(), "nsenter --net=/run/netns/web ip link set dev mv0 up");
  EXPECT_TRUE(contains(told.evidence, "not known"));
}

TEST(DoctorInterfaceDown, with_a_tombstone_it_says_since_when) {
  auto facts = healthy_host();
  web_device(facts).up = false;
  facts.parents[0].gone.push_back({.address = ip("10.0.0.11"),
                                   .netns = "web",
                                   .interface = "mv0",
                                   .seconds_ago = 12.3,
                                   .trail = {{12.5, "link down"}, {12.3, "address removed"}}});
  EXPECT_TRUE(contains(only(facts, "interface_down").evidence, "link down 12.5 s ago"));
}

TEST(DoctorInterfaceDown, an_interface_that_never_had_an_address_is_less_bad) {
  auto facts = healthy_host();
  web_device(facts).up = false;
  web_device(facts).addresses.clear();
  EXPECT_EQ(only(facts, "interface_down").severity, Severity::warning);
}

TEST(DoctorInterfaceDown, the_parent_is_told_once_for_all_its_containers) {
  auto facts = healthy_host();
  facts.namespaces[0].devices[0].up = facts.namespaces[0].devices[0].running = false;
  EXPECT_EQ(only(facts, "interface_down").command.text(), "ip link set dev nic0 up");
  facts.namespaces[0].devices[0].up = true;
  EXPECT_TRUE(contains(only(facts, "interface_down").evidence, "no carrier"));
}

GoneStatus web_tombstone() {
  return {.address = ip("10.0.0.13"),
          .prefix_bits = 24,
          .netns = "web",
          .interface = "mv0",
          .seconds_ago = 12.3,
          .reason = "address removed 3.2 s after up",
          .trail = {{12.3, "address removed"}, {12.0, "link down"}}};
}

TEST(DoctorAddressGone, the_container_is_there_and_its_address_is_not) {
  auto facts = healthy_host();
  facts.parents[0].gone = {web_tombstone()};
  const auto told = only(facts, "address_gone");
  EXPECT_TRUE(
      contains(told.evidence, "address removed 3.2 s after up; address removed 12.3 s ago; link down 12.0 s"));
  EXPECT_EQ(told.command.text(), "nsenter --net=/run/netns/web ip addr add 10.0.0.13/24 dev mv0");
}

TEST(DoctorAddressGone, not_when_it_came_back_or_moved) {
  auto facts = healthy_host();
  facts.parents[0].gone = {web_tombstone()};
  db_device(facts).addresses.push_back({.address = ip("10.0.0.13"), .prefix_bits = 24});
  expect_healthy(facts);
}

TEST(DoctorAddressGone, a_container_that_ended_is_told_only_to_who_asks) {
  auto facts = healthy_host();
  facts.parents[0].gone = {web_tombstone()};
  facts.parents[0].gone[0].netns = "batch";
  expect_healthy(facts);
  facts.asked = "10.0.0.13";
  EXPECT_TRUE(contains(only(facts, "address_gone").evidence, "it was on batch/mv0"));
  facts.asked = "10.0.0.11";
  expect_healthy(facts);
}

TEST(DoctorAddressGone, pinned_maps_remember_for_a_dead_daemon) {
  auto facts = served_host();
  facts.parents[0].daemon = Daemon::absent;
  web_device(facts).addresses.clear();
  EXPECT_TRUE(contains(only(facts, "address_gone").evidence, "no arplined watched"));
  facts.parents[0].daemon = Daemon::answers;  // it scans every second, so its maps may lag behind
  expect_healthy(facts);
}

TEST(DoctorAddressGone, what_the_maps_have_in_a_vlan_is_another_interfaces) {
  auto facts = served_host();
  facts.parents[0].daemon = Daemon::absent;
  facts.parents[0].endpoints[0].vlan = 100;
  web_device(facts).addresses.clear();
  expect_healthy(facts);
}

TEST(DoctorAddressElsewhere, the_loopback_interface_has_it) {
  auto facts = healthy_host();
  web_device(facts).addresses.clear();
  auto lo = nic(1, "lo", "10.0.0.11");
  lo.loopback = true;
  lo.addresses = {{.address = ip("127.0.0.1"), .prefix_bits = 8},
                  {.address = ip("10.0.0.11"), .prefix_bits = 32}};
  web(facts).devices.push_back(lo);
  const auto told = only(facts, "address_elsewhere");
  EXPECT_TRUE(contains(told.command.text(), "ip addr add 10.0.0.11/24 dev mv0"));
  EXPECT_TRUE(contains(told.command.text(), "ip addr del 10.0.0.11/32 dev lo"));
}

TEST(DoctorAddressElsewhere, another_network_of_the_container_is_no_finding) {
  auto facts = healthy_host();
  web_device(facts).addresses.clear();
  web(facts).devices.push_back(nic(9, "eth1", "172.18.0.2"));
  expect_healthy(facts);
  web(facts).devices.back().addresses[0].address = ip("10.0.0.11");
  EXPECT_TRUE(contains(only(facts, "address_elsewhere").evidence, "in the subnet of nic0"));
}

TEST(DoctorAddressElsewhere, the_subnet_is_routed_through_another_interface) {
  auto facts = healthy_host();
  web(facts).devices.push_back(nic(9, "eth1", ""));
  web(facts).routes[0].metric = 200;
  web(facts).routes.push_back({.destination = ip("10.0.0.0"), .prefix_bits = 24, .ifindex = 9, .metric = 300});
  expect_healthy(facts);
  web(facts).routes.back().metric = 100;
  EXPECT_TRUE(contains(only(facts, "address_elsewhere").command.text(),
                       "ip route del 10.0.0.0/24 dev eth1 metric 100"));
}

TEST(DoctorDuplicate, two_containers_or_the_host_have_one_address) {
  auto facts = healthy_host();
  db_device(facts).addresses = {{.address = ip("10.0.0.11"), .prefix_bits = 24}};
  const auto told = only(facts, "duplicate");
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_TRUE(contains(told.evidence, "web/mv0") && contains(told.evidence, "db/mv0"));
  facts = healthy_host();
  facts.namespaces[0].devices[0].addresses.push_back({.address = ip("10.0.0.11"), .prefix_bits = 24});
  const auto with_host = only(facts, "duplicate");
  EXPECT_TRUE(contains(with_host.evidence, "host/nic0"));
  EXPECT_TRUE(contains(with_host.command.text(), "netns/web"));
}

TEST(DoctorDuplicate, not_on_another_wire_nor_while_down) {
  auto facts = healthy_host();
  db_device(facts).addresses = {{.address = ip("10.0.0.11"), .prefix_bits = 24}};
  db_device(facts).lower = kNic1;  // not a parent in these facts
  expect_healthy(facts);
  db_device(facts).lower = kNic0;
  db_device(facts).up = false;
  only(facts, "interface_down");
}

}  // namespace
}  // namespace arpline::doctor
