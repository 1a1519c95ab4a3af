// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "arpline/doctor/replies.hpp"
#include "doctor_facts.hpp"

namespace arpline::doctor {
namespace {

constexpr Mac kOutsider = 0x0200000000cc;

Facts claimed(Mac mac, std::optional<double> last_seconds_ago) {
  auto facts = served_host();
  facts.parents[0].endpoints[0].claims = 3;
  facts.parents[0].endpoints[0].claimants = {
      {.mac = mac, .first_seconds_ago = 90, .last_seconds_ago = last_seconds_ago, .times = 3, .from = "wire"}};
  return facts;
}

TEST(DoctorAddressClaimed, says_whose_since_when_and_how_often) {
  const auto told = only(claimed(kOutsider, 2.5), "address_claimed");
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_TRUE(contains(told.evidence, "3 times, first 90.0 s ago, last 2.5 s ago, from the wire"));
  EXPECT_TRUE(contains(told.evidence, "no interface of this host"));
  EXPECT_TRUE(told.command.empty());
}

TEST(DoctorAddressClaimed, an_old_claim_is_only_worth_knowing) {
  EXPECT_EQ(only(claimed(kOutsider, 600), "address_claimed").severity, Severity::warning);
  EXPECT_EQ(only(claimed(kOutsider, 7200), "address_claimed").severity, Severity::note);
  EXPECT_EQ(only(claimed(kOutsider, std::nullopt), "address_claimed").severity, Severity::warning);
}

TEST(DoctorAddressClaimed, names_a_sibling_and_the_parent) {
  EXPECT_TRUE(contains(only(claimed(0x0200000000a2, 1), "address_claimed").evidence, "that is db/mv0"));
  auto facts = claimed(0x020000000002, 1);
  EXPECT_TRUE(contains(only(facts, "address_claimed").evidence, "that is host/nic0"));
  facts.namespaces[0].devices[0].proxy_arp = true;
  EXPECT_EQ(only(facts, "address_claimed").command.text(), "sysctl -w net.ipv4.conf.nic0.proxy_arp=0");
}

TEST(DoctorAddressClaimed, knows_the_earlier_mac_of_the_same_address) {
  auto facts = claimed(kOutsider, 1);
  facts.parents[0].gone.push_back(
      {.address = ip("10.0.0.11"), .mac = kOutsider, .netns = "old", .interface = "mv0", .seconds_ago = 30});
  EXPECT_TRUE(contains(only(facts, "address_claimed").evidence, "had itself until 30.0 s ago"));
}

TEST(DoctorAddressClaimed, without_any_count_a_neighbour_entry_tells) {
  auto facts = healthy_host();
  facts.namespaces[2].neighbours.push_back(
      {.address = ip("10.0.0.11"), .ifindex = kMv0, .mac = kOutsider, .state = NUD_STALE});
  expect_healthy(facts);
  facts.namespaces[2].neighbours.back().state = NUD_REACHABLE;
  EXPECT_EQ(only(facts, "address_claimed").certainty, Certainty::likely);
  facts.namespaces[2].neighbours.back().mac = web_device(facts).mac;
  expect_healthy(facts);
}

TEST(DoctorSilentKernel, settings_that_silence_it_for_everybody) {
  auto facts = healthy_host();
  web(facts).all.arp_ignore = 8;
  const auto told = only(facts, "silent_kernel");
  EXPECT_EQ(told.command.text(), "nsenter --net=/run/netns/web sysctl -w net.ipv4.conf.all.arp_ignore=0");
  web(facts).all.arp_ignore = 1;
  expect_healthy(facts);
  web_device(facts).arp_ignore = 8;
  EXPECT_TRUE(contains(only(facts, "silent_kernel").command.text(), "conf.mv0.arp_ignore=0"));
  web_device(facts).arp_ignore = 0;
  web_device(facts).noarp = true;
  EXPECT_EQ(only(facts, "silent_kernel").command.text(),
            "nsenter --net=/run/netns/web ip link set dev mv0 arp on");
}

TEST(DoctorSilentKernel, strict_reverse_path_and_a_requester_from_elsewhere) {
  auto facts = served_host();
  facts.parents[0].endpoints[0].last_requester = ip("10.0.0.9");
  facts.parents[0].endpoints[0].asked_seconds_ago = 0.5;
  web_device(facts).rp_filter = 1;
  expect_healthy(facts);
  facts.parents[0].endpoints[0].last_requester = ip("172.31.0.9");
  expect_healthy(facts);  // the default route leads back through mv0
  web(facts).routes.pop_back();
  EXPECT_TRUE(contains(only(facts, "silent_kernel").evidence, "rp_filter is 1"));
  web_device(facts).rp_filter = 2;
  expect_healthy(facts);
  web_device(facts).arp_ignore = 2;
  EXPECT_TRUE(contains(only(facts, "silent_kernel").evidence, "arp_ignore is 2"));
}

TEST(DoctorSilentKernel, unanswered_samples_and_what_explains_them) {
  auto facts = served_host();
  facts.parents[0].endpoints[0].reason = "unanswered";
  EXPECT_TRUE(contains(only(facts, "silent_kernel").evidence, "packet filter"));
  facts.neighbours->entries = 1024;
  const auto findings = examine(facts);
  EXPECT_EQ(ids(findings), (std::vector<std::string>{"silent_kernel", "neighbour_table"}));
  EXPECT_TRUE(contains(findings[0].evidence, "1024 of 1024"));
  for (int i = 0; i < 900; ++i) facts.namespaces[0].neighbours.push_back({.exempt = true});
  EXPECT_TRUE(contains(only(facts, "silent_kernel").evidence, "packet filter"))
      << "permanent ones take no room";
}

TEST(DoctorFlux, two_children_of_one_namespace_that_answer_for_each_other) {
  auto facts = healthy_host();
  auto second = macvlan("mv1", 0x0200000000a3, "10.0.0.13");
  second.ifindex = kMv0 + 1;
  web(facts).devices.push_back(second);
  const auto told = only(facts, "flux");
  EXPECT_TRUE(contains(told.evidence, "mv0") && contains(told.evidence, "mv1"));
  EXPECT_TRUE(contains(told.command.text(), "arp_ignore=1"));
  web(facts).all.arp_ignore = 1;
  expect_healthy(facts);
  web(facts).all.arp_ignore = 0;
  web(facts).devices.back().up = false;
  EXPECT_EQ(ids(examine(facts)), std::vector<std::string>{"interface_down"});
}

TEST(DoctorFlux, the_hosts_own_children_are_its_own_business) {
  auto facts = healthy_host();
  facts.namespaces[0].devices.push_back(macvlan("vrrp.5", 0x00005e000105, "10.0.0.55"));
  facts.namespaces[0].devices.push_back(macvlan("vrrp.6", 0x00005e000106, "10.0.0.56"));
  expect_healthy(facts);
}

TEST(DoctorReplies, takes_what_is_there_and_leaves_out_the_rest) {
  const auto endpoints = endpoints_in(nlohmann::json::parse(R"({"endpoints": [
    {"address": "10.0.0.11", "vlan": 5, "mac": "02:00:00:00:00:a1", "prefix": 24, "reason": "contested", "claims": 2,
     "claimants": [{"mac": "02:cc:00:00:00:01", "first_seconds_ago": 9.5, "last_seconds_ago": 1, "times": 2,
                    "from": "host"}], "last_requester": null},
    {"address": "10.0.0.12", "claims": 7, "last_claimant_mac": "02:cc:00:00:00:02", "prefix": 99},
    {"address": 5}, "nonsense"]})"));
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(endpoints[0].vlan, 5);
  ASSERT_EQ(endpoints[0].claimants.size(), 1U);
  EXPECT_EQ(endpoints[0].claimants[0].first_seconds_ago, 9.5);
  EXPECT_EQ(endpoints[0].claimants[0].from, "host");
  ASSERT_EQ(endpoints[1].claimants.size(), 1U);
  EXPECT_EQ(endpoints[1].claimants[0].times, 7U);
  EXPECT_FALSE(endpoints[1].claimants[0].last_seconds_ago.has_value());
  EXPECT_EQ(endpoints[1].prefix_bits, 0);
  EXPECT_TRUE(endpoints_in(nlohmann::json::parse(R"({"endpoints": 5})")).empty());
  EXPECT_TRUE(endpoints_in(nullptr).empty());
}

TEST(DoctorReplies, tombstones_of_one_parent) {
  const auto gone = tombstones_in(nlohmann::json::parse(R"({"gone": [
    {"parent": "nic0", "address": "10.0.0.11", "mac": "02:00:00:00:00:a1", "namespace": "web", "interface": "mv0",
     "seconds_ago": 12.3, "lived_seconds": 3.2, "reason": "address removed 3.2 s after up",
     "trail": [{"seconds_ago": 12.3, "event": "address removed"}, 7]},
    {"parent": "nic1", "address": "10.1.0.11"}]})"),
                                  "nic0");
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].netns, "web");
  EXPECT_EQ(gone[0].lived_seconds, 3.2);
  ASSERT_EQ(gone[0].trail.size(), 1U);
  EXPECT_EQ(gone[0].trail[0].event, "address removed");
}

}  // namespace
}  // namespace arpline::doctor
