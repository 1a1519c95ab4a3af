// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "doctor_facts.hpp"

namespace arpline::doctor {
namespace {

constexpr int kVlanInterface = 20;  // its ifindex

// nic0.100, in the host.
void add_vlan_interface(Facts& facts) {
  auto vlan = nic(kVlanInterface, "nic0.100", "");
  vlan.kind = "vlan";
  vlan.lower = kNic0;
  vlan.lower_in_host = true;
  vlan.vlan_id = 100;
  facts.namespaces[0].devices.push_back(vlan);
}

TEST(Doctor, a_healthy_host_gives_no_finding) {
  expect_healthy(healthy_host());
  expect_healthy(served_host());
  EXPECT_EQ(exit_code({}), 0);
}

TEST(Doctor, the_most_severe_comes_first_and_gives_the_exit_code) {
  auto facts = served_host();
  facts.parents[0].link.xdp_mode = XdpMode::generic;
  EXPECT_EQ(exit_code(examine(facts)), 0);
  facts.parents[0].link.xdp_features = xdp_feature::basic;
  EXPECT_EQ(exit_code(examine(facts)), 1);
  web_device(facts).up = false;
  EXPECT_EQ(ids(examine(facts)), (std::vector<std::string>{"interface_down", "generic_xdp"}));
  EXPECT_EQ(exit_code(examine(facts)), 2);
}

TEST(Doctor, an_endpoint_chooses_its_findings) {
  auto facts = healthy_host();
  web_device(facts).noarp = true;
  for (const auto* asked : {"10.0.0.11", "web", "mv0", "nic0"}) {
    facts.asked = asked;
    only(facts, "silent_kernel");
  }
  facts.asked = format_mac(web_device(facts).mac);
  only(facts, "silent_kernel");
  for (const auto* asked : {"10.0.0.12", "db"}) {
    facts.asked = asked;
    expect_healthy(facts);
  }
  facts.asked = "nobody";
  EXPECT_THROW(examine(facts), SetupError);
}

TEST(Doctor, json_tells_everything_and_takes_any_bytes) {
  auto facts = healthy_host();
  web_device(facts).noarp = true;
  web(facts).name = "bad\xffname";
  facts.unseen = {"something"};
  const auto root = nlohmann::json::parse(findings_as_json(facts, examine(facts)));
  EXPECT_EQ(root.at("parents"), nlohmann::json::array({"nic0"}));
  EXPECT_EQ(root.at("not_looked_at").size(), 1U);
  EXPECT_EQ(root.at("findings")[0].at("docs"), "docs/doctor.md#silent-kernel");
  EXPECT_EQ(root.at("findings")[0].at("severity"), "critical");
  EXPECT_TRUE(root.at("endpoint").is_null());
}

TEST(Doctor, text_ends_with_the_sum) {
  auto facts = healthy_host();
  facts.unseen = {"something"};
  EXPECT_EQ(findings_as_text(facts, {}),
            "not looked at: something\nnic0: 0 critical, 0 warning(s), 0 note(s)\n");
}

TEST(DoctorManaged, says_by_whom_and_how_to_end_it) {
  auto facts = healthy_host();
  facts.parents[0].managed = {.who = Manager::network_manager};
  EXPECT_EQ(only(facts, "managed").command.text(), "nmcli device set ifname nic0 managed no");
  EXPECT_EQ(exit_code(examine(facts)), 0);
  facts.parents[0].managed = {.who = Manager::systemd_networkd,
                              .network_file = "/etc/systemd/network/10-nic.network"};
  EXPECT_TRUE(contains(only(facts, "managed").command.text(), "10-nic.network.d/arpline.conf"));
  facts.parents[0].managed.keeps = true;
  expect_healthy(facts);
}

TEST(DoctorManaged, no_program_of_a_containers_is_run_by_the_hosts_root) {
  auto facts = healthy_host();
  web_device(facts).managed = {
      .who = Manager::systemd_networkd, .network_file = "/etc/systemd/network/10-a.network", .pid = 99};
  const auto told = only(facts, "managed");
  EXPECT_TRUE(told.command.empty()) << told.command.text();
  EXPECT_TRUE(contains(told.evidence, "process 99")) << told.evidence;
  EXPECT_TRUE(contains(told.evidence, "10-a.network.d/arpline.conf")) << told.evidence;
}

TEST(DoctorManaged, a_containers_interface_that_lost_its_address_is_worse) {
  auto facts = healthy_host();
  web_device(facts).managed = {.who = Manager::systemd_networkd};
  EXPECT_EQ(only(facts, "managed").severity, Severity::note);
  web_device(facts).addresses.clear();
  EXPECT_EQ(only(facts, "managed").severity, Severity::warning);
}

TEST(DoctorBroadcastQueue, only_its_own_drops_count) {
  auto facts = healthy_host();
  facts.parents[0].rx_dropped = 5000;
  expect_healthy(facts);
  facts.parents[0].drops = DropSample{.seconds = 1.0, .broadcast_queue = 0, .rx_dropped = 800};
  expect_healthy(facts);
  facts.parents[0].drops->broadcast_queue = 700;
  const auto told = only(facts, "broadcast_queue");
  EXPECT_TRUE(contains(told.evidence, "in 1.0 s of looking 700 broadcast frames"));
  EXPECT_EQ(told.command.text(),
            "nsenter --net=/run/netns/web ip link set dev mv0 type macvlan bcqueuelen 2048");
  facts.parents[0].drops->broadcast_queue = 10'000'000;
  EXPECT_TRUE(only(facts, "broadcast_queue").command.text().ends_with(" 65536"));
}

// It is the parent's queue, and one on nic0.100 has a parent of its own.
TEST(DoctorBroadcastQueue, a_child_in_a_vlan_is_not_the_one_to_change) {
  auto facts = healthy_host();
  add_vlan_interface(facts);
  web_device(facts).lower = kVlanInterface;
  facts.parents[0].drops = DropSample{.seconds = 1.0, .broadcast_queue = 700, .rx_dropped = 800};
  EXPECT_TRUE(contains(only(facts, "broadcast_queue").command.text(), "--net=/run/netns/db "));
}

TEST(DoctorNeighbourTable, full_begins_at_its_percentage) {
  auto facts = healthy_host();
  facts.neighbours->limit = 1000;
  facts.neighbours->entries = 949;
  EXPECT_EQ(only(facts, "neighbour_table").severity, Severity::warning);
  facts.neighbours->entries = 950;
  EXPECT_EQ(only(facts, "neighbour_table").severity, Severity::critical);
}

TEST(DoctorNeighbourTable, near_and_over_the_limit) {
  auto facts = healthy_host();
  facts.neighbours->entries = 819;
  expect_healthy(facts);
  facts.neighbours->entries = 820;
  const auto told = only(facts, "neighbour_table");
  EXPECT_EQ(told.severity, Severity::warning);
  EXPECT_TRUE(contains(told.evidence, "web 1, db 1"));
  EXPECT_TRUE(contains(told.command.text(), "gc_thresh3=8192"));
  facts.neighbours->entries = 1000;
  EXPECT_EQ(only(facts, "neighbour_table").severity, Severity::critical);
}

TEST(DoctorNeighbourTable, permanent_entries_do_not_count) {
  auto facts = healthy_host();
  facts.neighbours->entries = 1000;
  for (int i = 0; i < 900; ++i) facts.namespaces[0].neighbours.push_back({.exempt = true});
  expect_healthy(facts);
  facts.neighbours->entries = 1800;
  EXPECT_TRUE(contains(only(facts, "neighbour_table").evidence, "900 of 1024 entries"));
}

TEST(DoctorStaleLease, dead_and_hung) {
  auto facts = served_host();
  facts.parents[0].lease_seconds = -5;
  facts.parents[0].owner_pid = 4711;
  facts.parents[0].daemon = Daemon::absent;
  EXPECT_TRUE(
      contains(only(facts, "stale_lease").evidence, "ended 5.0 s ago: its arplined (process 4711) is gone"));
  EXPECT_EQ(only(facts, "stale_lease").command.text(), "arplined --parent nic0");
  facts.service = true;
  EXPECT_EQ(only(facts, "stale_lease").command.text(), "systemctl restart arplined");
  facts.parents[0].daemon = Daemon::silent;
  EXPECT_EQ(only(facts, "stale_lease").command.text(), "arpline detach nic0") << "it is not the service's";
  facts.parents[0].owner_in_service = true;
  EXPECT_EQ(only(facts, "stale_lease").command.text(), "systemctl restart arplined");
  EXPECT_TRUE(contains(only(facts, "stale_lease").evidence, "does not answer"));
  facts.parents[0].pinned = false;
  expect_healthy(facts);
}

TEST(DoctorStaleLease, a_lease_that_ends_now_has_ended) {
  auto facts = served_host();
  facts.parents[0].lease_seconds = 0;
  only(facts, "stale_lease");
}

TEST(DoctorHiddenEgress, of_two_filters_nobody_says_which_is_to_go) {
  auto facts = served_host();
  facts.parents[0].egress = "hidden";
  facts.parents[0].before_egress = {{.pref = 1, .handle = 1, .kind = "bpf", .name = "other"},
                                    {.pref = 2, .handle = 1, .kind = "bpf", .name = "third"}};
  EXPECT_TRUE(only(facts, "hidden_egress").command.empty());
}

TEST(DoctorHiddenEgress, the_self_test_is_certain_and_a_list_is_not) {
  auto facts = served_host();
  facts.parents[0].before_egress = {{.pref = 1, .handle = 1, .kind = "bpf", .name = "other"}};
  expect_healthy(facts);  // the egress chain passes the daemon's frames, since it sees them
  facts.parents[0].egress = "hidden";
  EXPECT_EQ(only(facts, "hidden_egress").certainty, Certainty::certain);
  EXPECT_EQ(only(facts, "hidden_egress").command.text(), "tc filter del dev nic0 egress pref 1");
  facts.parents[0].tcx = {"meter (id 5)"};
  EXPECT_TRUE(contains(only(facts, "hidden_egress").evidence, "tcx program meter (id 5)"));
  EXPECT_TRUE(only(facts, "hidden_egress").command.empty());
  facts.parents[0].daemon = Daemon::absent;
  facts.parents[0].egress.clear();
  EXPECT_EQ(only(facts, "hidden_egress").certainty, Certainty::possible);
}

TEST(DoctorVlanOffload, only_with_vlans_in_play) {
  auto facts = served_host();
  facts.parents[0].link.rx_vlan_offload = true;
  expect_healthy(facts);
  facts.parents[0].hidden_tags = true;
  EXPECT_EQ(only(facts, "vlan_offload").command.text(), "ethtool -K nic0 rxvlan off");
  facts.parents[0].hidden_tags = false;
  add_vlan_interface(facts);
  EXPECT_TRUE(contains(only(facts, "vlan_offload").evidence, "VLAN interfaces"));
  facts.parents[0].link.rx_vlan_offload = false;
  expect_healthy(facts);
}

TEST(DoctorChildren, on_a_vlan_interface_belong_to_its_parent) {
  auto facts = healthy_host();
  add_vlan_interface(facts);
  web_device(facts).lower = kVlanInterface;
  const auto children = containers_of(facts);
  ASSERT_EQ(children.size(), 2U);
  EXPECT_EQ(children[0].vlan, 100);
  EXPECT_EQ(children[0].parent->link.name, "nic0");
  EXPECT_EQ(children[1].vlan, 0);
}

}  // namespace
}  // namespace arpline::doctor
