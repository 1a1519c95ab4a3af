// SPDX-License-Identifier: Apache-2.0
#include "doctor_facts.hpp"

namespace arpline::doctor {
namespace {

constexpr Mac kOutsider = 0x0200000000cc;
constexpr Mac kWebMac = 0x0200000000a1;
constexpr Mac kDbMac = 0x0200000000a2;

EndpointStatus& first(Facts& facts) {
  return facts.parents[0].endpoints[0];
}

// A host where arplined announces web and db, and both reach their gateway.
Facts announced_host() {
  auto facts = served_host();
  auto& parent = facts.parents[0];
  parent.announce = AnnounceStatus{.refresh_seconds = 60, .pps = 100};
  parent.daemon_seconds = 5000;
  parent.endpoints.push_back({.address = ip("10.0.0.12"), .mac = kDbMac, .prefix_bits = 24});
  for (auto& endpoint : parent.endpoints) {
    endpoint.announced_seconds_ago = 30;
    endpoint.path = PathStatus{.gateway = ip("10.0.0.1"),
                               .gateway_mac = kGatewayMac,
                               .state = "reachable",
                               .since_seconds = 900,
                               .answered_seconds_ago = 4,
                               .rtt_ms = 0.25};
  }
  return facts;
}

Facts with_lost_path(std::optional<bool> host_reaches) {
  auto facts = announced_host();
  auto& path = *first(facts).path;
  path.state = "lost";
  path.since_seconds = 3;
  path.answered_seconds_ago = 12;
  path.host_reaches = host_reaches;
  return facts;
}

TEST(DoctorPaths, an_announced_host_that_reaches_its_gateway_is_healthy) {
  expect_healthy(announced_host());
  auto facts = with_lost_path(true);
  first(facts).path->state = "suspect";
  expect_healthy(facts);  // suspect: the retries are under way
}

TEST(DoctorSwitchDropsMac, the_host_reaches_the_gateway_and_the_container_does_not) {
  const auto told = only(with_lost_path(true), "switch_drops_mac");
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_EQ(told.certainty, Certainty::likely);
  EXPECT_TRUE(contains(told.subject, "web/mv0 on nic0 (10.0.0.11)")) << told.subject;
  EXPECT_TRUE(contains(told.evidence, "has not answered it for 12.0 s; the last answer took 0.25 ms"))
      << told.evidence;
  EXPECT_TRUE(contains(told.evidence, "but answers nic0 itself")) << told.evidence;
  EXPECT_TRUE(contains(told.evidence, "port security")) << told.evidence;
  EXPECT_TRUE(told.command.empty());
}

TEST(DoctorSwitchDropsMac, what_stays_suspect_is_as_good_as_lost) {
  auto facts = with_lost_path(true);
  first(facts).path->state = "suspect";
  first(facts).path->since_seconds = 40;
  only(facts, "switch_drops_mac");
}

TEST(DoctorSwitchDropsMac, a_sibling_that_is_answered_meanwhile_tells_as_much_as_the_host) {
  auto facts = with_lost_path(std::nullopt);
  facts.parents[0].endpoints[1].path->answered_seconds_ago = 1;
  EXPECT_TRUE(contains(only(facts, "switch_drops_mac").evidence, "but answers db/mv0 on nic0 (10.0.0.12)"));
  facts.parents[0].endpoints[1].path->answered_seconds_ago = 3.5;  // before the failed who-has
  only(facts, "gateway_unreachable");
}

TEST(DoctorSwitchDropsMac, names_the_other_port_where_the_mac_was_seen_outside) {
  auto facts = with_lost_path(true);
  first(facts).seen_outside = SeenOutside{.times = 7, .first_seconds_ago = 9, .last_seconds_ago = 1};
  const auto findings = examine(facts);
  EXPECT_EQ(ids(findings), (std::vector<std::string>{"switch_drops_mac", "mac_outside"}));
  EXPECT_TRUE(contains(findings[0].evidence, "at another port")) << findings[0].evidence;
}

TEST(DoctorGatewayUnreachable, neither_the_container_nor_the_host_is_answered) {
  const auto told = only(with_lost_path(false), "gateway_unreachable");
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_EQ(told.certainty, Certainty::likely);
  EXPECT_EQ(told.subject, "10.0.0.1 on nic0");
  EXPECT_TRUE(contains(told.evidence, "does not answer the host either")) << told.evidence;
  EXPECT_EQ(only(with_lost_path(std::nullopt), "gateway_unreachable").certainty, Certainty::possible);
}

TEST(DoctorGatewayUnreachable, is_one_finding_for_all_that_have_the_gateway) {
  auto facts = with_lost_path(false);
  facts.parents[0].endpoints[1].path = first(facts).path;
  EXPECT_TRUE(contains(only(facts, "gateway_unreachable").evidence, "and 1 more"));
  for (const auto* asked : {"10.0.0.11", "db", "nic0"}) {
    facts.asked = asked;
    only(facts, "gateway_unreachable");
  }
}

TEST(DoctorGatewayUnreachable, one_that_never_answered_may_not_exist) {
  auto facts = with_lost_path(false);
  first(facts).path->answered_seconds_ago.reset();
  first(facts).path->gateway_mac = 0;
  const auto told = only(facts, "gateway_unreachable");
  EXPECT_EQ(told.severity, Severity::warning);
  EXPECT_TRUE(contains(told.evidence, "10.0.0.1 has never answered it")) << told.evidence;
}

TEST(DoctorPaths, what_is_explained_otherwise_is_not_the_switchs_fault) {
  for (const bool host_reaches : {true, false}) {
    auto facts = with_lost_path(host_reaches);
    web_device(facts).up = false;
    only(facts, "interface_down");
    facts = with_lost_path(host_reaches);
    facts.namespaces[0].devices[0].running = false;
    only(facts, "interface_down");
  }
}

TEST(DoctorSwitchForgets, an_endpoint_that_was_announced_too_long_ago) {
  auto facts = announced_host();
  first(facts).announced_seconds_ago = 400;
  expect_healthy(facts);  // its who-has for the gateway teach the switch, too
  first(facts).path.reset();
  const auto told = only(facts, "switch_forgets");
  EXPECT_EQ(told.severity, Severity::warning);
  EXPECT_TRUE(contains(told.evidence, "announced 7 min ago")) << told.evidence;
  first(facts).reason = "contested";
  expect_healthy(facts);
}

TEST(DoctorSwitchForgets, one_that_was_never_announced_although_there_was_time) {
  auto facts = announced_host();
  first(facts).path.reset();
  first(facts).announced_seconds_ago.reset();
  EXPECT_TRUE(contains(only(facts, "switch_forgets").evidence, "never been announced"));
  facts.parents[0].answered_at = Instant{60s};
  first(facts).heard_at_ns = 58 * ARPL_SECOND_NS;  // it has just come
  expect_healthy(facts);
  first(facts).heard_at_ns = 0;
  facts.parents[0].daemon_seconds = 2;  // arplined has
  expect_healthy(facts);
  facts.parents[0].daemon_seconds = 5000;
  first(facts).probing = true;
  expect_healthy(facts);
  first(facts).probing = false;
  web_device(facts).arp_ignore = 3;  // its kernel would not announce the address either
  expect_healthy(facts);
}

TEST(DoctorSwitchForgets, a_setting_that_is_longer_than_switches_remember) {
  auto facts = announced_host();
  first(facts).path.reset();
  auto& announce = *facts.parents[0].announce;
  announce.refresh_seconds = 600;
  auto told = only(facts, "switch_forgets");
  EXPECT_TRUE(contains(told.evidence, "announce.refresh is 10 min")) << told.evidence;
  EXPECT_TRUE(contains(told.command.text(), "refresh = \"60s\"")) << told.command.text();
  announce.refresh_seconds = 0;
  EXPECT_TRUE(contains(only(facts, "switch_forgets").evidence, "announce.refresh is 0"));
  announce = {.refresh_seconds = 60, .pps = 0};
  EXPECT_TRUE(contains(only(facts, "switch_forgets").command.text(), "pps = 100"));
  first(facts).path = facts.parents[0].endpoints[1].path;
  expect_healthy(facts);
}

TEST(DoctorSwitchForgets, a_pace_that_does_not_get_round) {
  auto facts = announced_host();
  first(facts).path.reset();
  facts.parents[0].announce->pps = 1;
  expect_healthy(facts);
  for (Ipv4 host = 1; host < 400; ++host)
    facts.parents[0].endpoints.push_back({.address = host << 24U | 0x020a, .announced_seconds_ago = 100});
  const auto told = only(facts, "switch_forgets");
  EXPECT_TRUE(contains(told.evidence, "401 endpoints at announce.pps = 1 take 7 min")) << told.evidence;
  EXPECT_TRUE(contains(told.command.text(), "pps = 7 ")) << told.command.text();
}

TEST(DoctorSwitchForgets, without_arplined_only_who_asks_for_a_silent_container_is_told) {
  auto facts = healthy_host();
  web(facts).neighbours.back().state = NUD_STALE;
  expect_healthy(facts);
  facts.asked = "10.0.0.11";
  const auto told = only(facts, "switch_forgets");
  EXPECT_EQ(told.severity, Severity::note);
  EXPECT_TRUE(contains(told.evidence, "no arplined announces it")) << told.evidence;
  web(facts).neighbours.back().state = NUD_REACHABLE;
  expect_healthy(facts);
  web(facts).neighbours.clear();
  facts.parents[0].daemon = Daemon::answers;
  facts.parents[0].observe = true;
  EXPECT_TRUE(contains(only(facts, "switch_forgets").evidence, "only looks on"));
}

Facts with_mac_outside() {
  auto facts = announced_host();
  first(facts).seen_outside = SeenOutside{.times = 7, .first_seconds_ago = 9, .last_seconds_ago = 1};
  return facts;
}

TEST(DoctorMacOutside, its_mac_comes_in_from_the_wire) {
  const auto told = only(with_mac_outside(), "mac_outside");
  EXPECT_EQ(told.severity, Severity::warning);
  EXPECT_TRUE(contains(told.evidence, "7 times, first 9.0 s ago, last 1.0 s ago")) << told.evidence;
  EXPECT_TRUE(contains(told.evidence, "loop")) << told.evidence;
  auto facts = with_mac_outside();
  first(facts).seen_outside->last_seconds_ago = 7200;
  EXPECT_EQ(only(facts, "mac_outside").severity, Severity::note);
}

TEST(DoctorMacOutside, is_normal_in_vepa) {
  auto facts = with_mac_outside();
  web_device(facts).mode = MacvlanMode::vepa;
  expect_healthy(facts);
}

TEST(DoctorMacOutside, names_the_twin_on_this_host) {
  auto facts = with_mac_outside();
  facts.namespaces[0].devices[1].mac = kWebMac;
  EXPECT_TRUE(contains(only(facts, "mac_outside").evidence, "host/nic1 has the same MAC"));
  facts.namespaces[0].devices[1].mac = 0x020000000003;
  auto upper = nic(9, "mv0.5", "");
  upper.mac = kWebMac;
  upper.lower = kMv0;
  web(facts).devices.push_back(upper);
  EXPECT_TRUE(contains(only(facts, "mac_outside").evidence, "loop")) << "what stands on it is no twin";
}

TEST(DoctorOldMac, a_neighbour_entry_of_this_host_that_was_not_renewed) {
  auto facts = announced_host();
  facts.namespaces[2].neighbours.push_back(
      {.address = ip("10.0.0.11"), .ifindex = kMv0, .mac = kOutsider, .state = NUD_REACHABLE});
  only(facts, "address_claimed");  // an unknown MAC
  facts.parents[0].gone.push_back({.address = ip("10.0.0.11"), .mac = kOutsider, .seconds_ago = 30});
  const auto told = only(facts, "old_mac");
  EXPECT_EQ(told.certainty, Certainty::certain);
  EXPECT_EQ(told.command.text(), "nsenter --net=/run/netns/db ip neigh del 10.0.0.11 dev mv0");
  EXPECT_TRUE(contains(told.evidence, "until 30.0 s ago")) << told.evidence;
  facts.namespaces[2].neighbours.back().state = NUD_STALE;
  only(facts, "old_mac");
  facts.namespaces[2].neighbours.back().state = NUD_FAILED;
  expect_healthy(facts);
}

TEST(DoctorOldMac, an_entry_that_somebody_has_written_down) {
  auto facts = announced_host();
  facts.namespaces[0].neighbours.push_back(
      {.address = ip("10.0.0.11"), .ifindex = kNic0, .mac = kOutsider, .state = NUD_PERMANENT});
  const auto told = only(facts, "old_mac");
  EXPECT_EQ(told.command.text(), "ip neigh del 10.0.0.11 dev nic0");
  EXPECT_TRUE(contains(told.evidence, "written down")) << told.evidence;
  facts.namespaces[0].neighbours.back().ifindex = kNic1;  // on another wire
  expect_healthy(facts);
}

TEST(DoctorOldMac, who_has_that_peers_send_to_another_mac) {
  auto facts = announced_host();
  first(facts).misdirected =
      Misdirected{.times = 3, .mac = kOutsider, .requester = ip("10.0.0.9"), .last_seconds_ago = 2};
  auto told = only(facts, "old_mac");
  EXPECT_EQ(told.severity, Severity::warning);
  EXPECT_EQ(told.certainty, Certainty::possible);
  EXPECT_TRUE(contains(told.evidence, "3 who-has")) << told.evidence;
  EXPECT_TRUE(contains(told.evidence, "by 10.0.0.9 to cc:00:00:00:00:02")) << told.evidence;
  facts.parents[0].gone.push_back({.address = ip("10.0.0.11"), .mac = kOutsider, .seconds_ago = 30});
  EXPECT_EQ(only(facts, "old_mac").certainty, Certainty::likely);
  first(facts).misdirected->last_seconds_ago = 300;
  EXPECT_EQ(only(facts, "old_mac").severity, Severity::note);
  first(facts).misdirected->last_seconds_ago = 2;
  first(facts).claimants = {{.mac = kOutsider, .last_seconds_ago = 5, .times = 1}};
  only(facts, "address_claimed");  // the peer may have the entry from a claimant
}

// `mac`, a station of the kind `party`, claims both endpoints.
void claim_both(Facts& facts, Mac mac, const std::string& party) {
  for (auto& endpoint : facts.parents[0].endpoints)
    endpoint.claimants = {{.mac = mac,
                           .first_seconds_ago = 90,
                           .last_seconds_ago = 5,
                           .times = 2,
                           .from = "wire",
                           .party = party}};
}

TEST(DoctorProxyArp, one_finding_for_who_answers_for_everyone) {
  auto facts = announced_host();
  claim_both(facts, kOutsider, "proxy");
  const auto told = only(facts, "proxy_arp");
  EXPECT_EQ(told.severity, Severity::critical);
  EXPECT_TRUE(contains(told.evidence,
                       "2 endpoints (10.0.0.11, 10.0.0.12): 4 times, first 90.0 s ago, last 5.0 s "
                       "ago, from the wire; no interface of this host"))
      << told.evidence;
  EXPECT_TRUE(told.command.empty());
}

TEST(DoctorProxyArp, names_the_interface_of_this_host_and_its_setting) {
  auto facts = announced_host();
  claim_both(facts, facts.namespaces[0].devices[0].mac, "proxy");
  facts.namespaces[0].devices[0].proxy_arp = true;
  const auto told = only(facts, "proxy_arp");
  EXPECT_TRUE(contains(told.evidence, "that is host/nic0")) << told.evidence;
  EXPECT_EQ(told.command.text(), "sysctl -w net.ipv4.conf.nic0.proxy_arp=0");
}

TEST(DoctorProxyArp, three_addresses_are_enough_where_arplined_does_not_tell) {
  auto facts = announced_host();
  claim_both(facts, kOutsider, "");
  EXPECT_EQ(ids(examine(facts)), (std::vector<std::string>{"address_claimed", "address_claimed"}));
  facts.parents[0].endpoints.push_back({.address = ip("10.0.0.13"), .mac = 0x0200000000a3});
  facts.parents[0].endpoints.back().announced_seconds_ago = 1;
  claim_both(facts, kOutsider, "");
  only(facts, "proxy_arp");
}

TEST(DoctorProxyArp, a_setting_that_will_answer_for_what_is_routed_elsewhere) {
  auto facts = announced_host();
  facts.namespaces[0].devices[0].proxy_arp = true;
  expect_healthy(facts);  // the containers are reached through nic0's own subnet
  facts.namespaces[0].routes.push_back({.destination = ip("10.0.0.11"), .prefix_bits = 32, .ifindex = kNic1});
  const auto told = only(facts, "proxy_arp");
  EXPECT_EQ(told.severity, Severity::warning);
  EXPECT_TRUE(contains(told.evidence, "10.0.0.11")) << told.evidence;
  EXPECT_EQ(told.command.text(), "sysctl -w net.ipv4.conf.nic0.proxy_arp=0");
  facts.namespaces[0].devices[0].proxy_arp = false;
  facts.namespaces[0].devices[1].proxy_arp = true;  // it is not on the containers' wire
  expect_healthy(facts);
}

TEST(DoctorAddressClaimed, says_who_it_is_and_what_was_done) {
  auto facts = announced_host();
  first(facts).claimants = {{.mac = kOutsider, .last_seconds_ago = 5, .times = 2, .party = "elsewhere"}};
  EXPECT_FALSE(contains(only(facts, "address_claimed").evidence, "arplined"));
  first(facts).claimants[0].party = "sibling";
  EXPECT_TRUE(contains(only(facts, "address_claimed").evidence, "a sibling: ARP flux"));
  first(facts).conflict = {.defended_seconds_ago = 4, .defences = 1};
  EXPECT_TRUE(contains(only(facts, "address_claimed").evidence, "defended it 1 time, last 4.0 s ago"));
  first(facts).conflict.gave_up = true;
  EXPECT_TRUE(contains(only(facts, "address_claimed").evidence, "given it up"));
  first(facts).conflict = {.moves_too_often = true};
  EXPECT_TRUE(contains(only(facts, "address_claimed").evidence, "moves between MACs too often"));
}

}  // namespace
}  // namespace arpline::doctor
