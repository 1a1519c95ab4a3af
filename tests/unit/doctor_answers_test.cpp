// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <utility>

#include "arpline/doctor/answers.hpp"
#include "doctor_facts.hpp"

namespace arpline::doctor {
namespace {

constexpr Mac kOutsider = 0x0200000000cc;

Facts claimed(Mac mac, std::optional<double> last_seconds_ago) {
  auto facts = served_host();
  facts.parents[0].endpoints[0].counters.claims = 3;
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
  facts.parents[0].endpoints[0].last_asked_seconds_ago = 0.5;
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

TEST(DoctorFlux, an_interface_without_an_address_is_asked_for_by_nobody) {
  auto facts = healthy_host();
  auto second = macvlan("mv1", 0x0200000000a3, "");
  second.ifindex = kMv0 + 1;
  second.arp_ignore = 1;  // it answers for nobody else either
  web(facts).devices.push_back(second);
  expect_healthy(facts);
}

TEST(DoctorFlux, the_hosts_own_children_are_its_own_business) {
  auto facts = healthy_host();
  facts.namespaces[0].devices.push_back(macvlan("vrrp.5", 0x00005e000105, "10.0.0.55"));
  facts.namespaces[0].devices.push_back(macvlan("vrrp.6", 0x00005e000106, "10.0.0.56"));
  expect_healthy(facts);
}

// nic0 and its endpoints, as its daemon answers.
nlohmann::json answer_of(std::vector<EndpointStatus> endpoints) {
  ParentStatus parent{.parent = "nic0", .ifindex = kNic0, .egress = "hidden"};
  parent.announce = AnnounceStatus{.refresh_seconds = 1.5, .pps = 7};
  parent.endpoints = std::move(endpoints);
  return to_json(StatusAnswer{.parents = {ParentStatus{.parent = "nic1", .ifindex = kNic1}, parent}});
}

struct DoctorAnswers : testing::Test {
  DoctorAnswers() {
    parent.link.ifindex = kNic0;
    parent.link.name = "nic0";
  }
  Parent parent;
  std::vector<std::string> unseen;
};

TEST_F(DoctorAnswers, takes_what_is_said_of_this_parent) {
  EXPECT_TRUE(take_status(
      answer_of({{.address = ip("10.0.0.11"),
                  .vlan = 5,
                  .mac = 0x0200000000a1,
                  .reason = "contested",
                  .claimants = {{.mac = kOutsider, .first_seconds_ago = 9.5, .times = 2, .from = "host"}}}}),
      parent, unseen));
  EXPECT_TRUE(unseen.empty());
  EXPECT_EQ(parent.egress, "hidden");
  ASSERT_TRUE(parent.announce.has_value());
  EXPECT_EQ(parent.announce->refresh_seconds, 1.5);
  ASSERT_EQ(parent.endpoints.size(), 1U);
  EXPECT_EQ(parent.endpoints[0].vlan, 5);
  ASSERT_EQ(parent.endpoints[0].claimants.size(), 1U);
  EXPECT_EQ(parent.endpoints[0].claimants[0].first_seconds_ago, 9.5);
  EXPECT_EQ(parent.endpoints[0].claimants[0].from, "host");
}

TEST_F(DoctorAnswers, what_is_of_another_form_is_not_taken_and_named) {
  auto answer = answer_of({{.address = ip("10.0.0.11"), .mac = 1}});
  answer["parents"][1]["endpoints"][0]["prefix"] = 999;
  EXPECT_TRUE(take_status(answer, parent, unseen));
  EXPECT_TRUE(parent.endpoints.empty() && parent.egress.empty());
  ASSERT_EQ(unseen.size(), 1U);
  EXPECT_TRUE(contains(unseen[0], "of nic0 answers: endpoints[0].prefix is not")) << unseen[0];
  answer["parents"][1]["endpoints"] = 5;
  EXPECT_TRUE(take_status(answer, parent, unseen));
  EXPECT_TRUE(contains(unseen.back(), "endpoints is not a list")) << unseen.back();
}

TEST_F(DoctorAnswers, those_of_others_and_nonsense_are_none) {
  for (const auto* text : {"null", "7", "{}", R"({"parents": 5})", R"({"parents": [5, {}, {"ifindex": 77}]})",
                           R"({"error": "unknown command"})"})
    EXPECT_FALSE(take_status(nlohmann::json::parse(text), parent, unseen)) << text;
  EXPECT_FALSE(take_status(std::nullopt, parent, unseen));
  EXPECT_TRUE(unseen.empty());
}

TEST_F(DoctorAnswers, the_last_claimant_is_named_where_nobody_lists_any) {
  EndpointStatus endpoint{.counters = {.claims = 7}, .last_claimant_mac = kOutsider};
  name_last_claimant(endpoint);
  ASSERT_EQ(endpoint.claimants.size(), 1U);
  EXPECT_EQ(endpoint.claimants[0].mac, kOutsider);
  EXPECT_EQ(endpoint.claimants[0].times, 7U);
  EXPECT_FALSE(endpoint.claimants[0].last_seconds_ago.has_value());
  endpoint.claimants[0].times = 8;
  name_last_claimant(endpoint);
  EXPECT_EQ(endpoint.claimants.size(), 1U) << "it was listed";
}

TEST_F(DoctorAnswers, what_has_gone_from_this_parent) {
  const GoneAnswer gone{.gone = {{.parent = "nic0",
                                  .address = ip("10.0.0.11"),
                                  .prefix_bits = 24,
                                  .netns = "web",
                                  .interface = "mv0",
                                  .seconds_ago = 12.3,
                                  .lived_seconds = 3.2,
                                  .trail = {{12.3, "address removed"}}},
                                 {.parent = "nic1", .address = ip("10.1.0.11")}}};
  take_gone(to_json(gone), parent, unseen);
  ASSERT_EQ(parent.gone.size(), 1U);
  EXPECT_EQ(parent.gone[0].netns, "web");
  EXPECT_EQ(parent.gone[0].prefix_bits, 24);
  EXPECT_EQ(parent.gone[0].lived_seconds, 3.2);
  ASSERT_EQ(parent.gone[0].trail.size(), 1U);
  EXPECT_EQ(parent.gone[0].trail[0].event, "address removed");
  EXPECT_TRUE(unseen.empty());
  take_gone(nlohmann::json{{"gone", 5}}, parent, unseen);
  EXPECT_TRUE(contains(unseen.back(), "gone is not a list")) << unseen.back();
  take_gone(std::nullopt, parent, unseen);
  EXPECT_TRUE(contains(unseen.back(), "does not tell")) << unseen.back();
}

}  // namespace
}  // namespace arpline::doctor
