// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "arpline/preflight_judge.hpp"

namespace arpline {
namespace {

LinkInfo good_link() {
  LinkInfo link;
  link.ifindex = 2;
  link.name = "eth7";
  link.driver = "veth";
  link.mtu = 1500;
  link.up = link.running = true;
  link.rx_vlan_offload = false;
  link.xdp_features = xdp_feature::basic | xdp_feature::redirect | xdp_feature::rx_sg;
  return link;
}

PreflightFacts good_facts() {
  PreflightFacts facts;
  facts.interface = "eth7";
  facts.devices = {"lo", "eth7"};
  facts.link = good_link();
  facts.children = 3;
  return facts;
}

Finding finding(const PreflightFacts& facts, const std::string& name) {
  const auto findings = judge(facts);
  const auto found = std::ranges::find(findings, name, &Finding::id);
  if (found == findings.end()) return {.id = "absent"};
  return *found;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Preflight, nothing_to_say_about_a_good_parent) {
  const auto findings = judge(good_facts());
  for (const Finding& one : findings) EXPECT_EQ(one.severity, Severity::ok) << one.id << ": " << one.evidence;
  EXPECT_EQ(preflight_exit_code(findings), 0);
}

TEST(Preflight, names_missing_capabilities) {
  auto facts = good_facts();
  const auto needed = [](unsigned capability) {
    return *std::ranges::find(needed_capabilities(), capability, &NeededCapability::capability);
  };
  facts.missing_caps = {needed(CAP_NET_ADMIN), needed(CAP_CHOWN)};
  EXPECT_EQ(finding(facts, "privileges").severity, Severity::critical);
  EXPECT_TRUE(contains(finding(facts, "privileges").evidence, "CAP_NET_ADMIN, CAP_CHOWN"));
  EXPECT_TRUE(contains(remedy_of(finding(facts, "privileges")), "CAP_CHOWN: the group of the control socket"));
  facts.missing_caps = {needed(CAP_SYS_PTRACE)};
  EXPECT_EQ(finding(facts, "privileges").severity, Severity::warning);
}

// docs/privileges.md says for each capability what fails without it.
TEST(Preflight, only_what_arplined_starts_without_is_less_than_a_blocker) {
  auto facts = good_facts();
  for (const auto& needed : needed_capabilities()) {
    facts.missing_caps = {needed};
    const auto expected = needed.starts_without ? Severity::warning : Severity::critical;
    EXPECT_EQ(finding(facts, "privileges").severity, expected) << capability_name(needed);
  }
}

TEST(Preflight, lists_the_interfaces_when_there_is_no_such_one) {
  auto facts = good_facts();
  facts.link.reset();
  EXPECT_EQ(finding(facts, "device").severity, Severity::critical);
  EXPECT_TRUE(contains(remedy_of(finding(facts, "device")), "lo, eth7"));
  EXPECT_EQ(finding(facts, "mtu").id, "absent");
  EXPECT_EQ(preflight_exit_code(judge(facts)), 1);
}

TEST(Preflight, names_the_parent_of_a_macvlan) {
  auto facts = good_facts();
  facts.link->kind = "macvtap";
  facts.lower = "eth0";
  EXPECT_EQ(finding(facts, "device").severity, Severity::critical);
  EXPECT_TRUE(contains(remedy_of(finding(facts, "device")), "preflight eth0"));
  facts.lower = {};
  EXPECT_TRUE(contains(finding(facts, "device").evidence, "another network namespace"));
}

TEST(Preflight, refuses_loopback) {
  auto facts = good_facts();
  facts.link->loopback = true;
  EXPECT_EQ(finding(facts, "device").severity, Severity::critical);
}

TEST(Preflight, warns_about_a_link_without_carrier) {
  auto facts = good_facts();
  facts.link->running = false;
  EXPECT_TRUE(contains(finding(facts, "link").evidence, "carrier"));
  facts.link->up = false;
  EXPECT_TRUE(contains(remedy_of(finding(facts, "link")), "ip link set dev eth7 up"));
}

TEST(Preflight, bond_and_bridge_have_no_ring) {
  auto facts = good_facts();
  facts.link->kind = "bond";
  EXPECT_EQ(finding(facts, "kind").severity, Severity::note);
  EXPECT_EQ(finding(facts, "native_xdp").severity, Severity::ok);
  facts.link->kind = "bridge";
  facts.link->xdp_features.reset();
  EXPECT_EQ(finding(facts, "native_xdp").severity, Severity::critical);
  EXPECT_TRUE(contains(remedy_of(finding(facts, "native_xdp")), "generic_xdp = true"));
}

TEST(Preflight, native_xdp_is_needed_unless_generic_is_asked_for) {
  auto facts = good_facts();
  facts.link->xdp_features = xdp_feature::basic;
  EXPECT_EQ(finding(facts, "native_xdp").severity, Severity::critical);
  facts.generic_xdp = true;
  EXPECT_EQ(finding(facts, "native_xdp").severity, Severity::note);
  facts.generic_xdp = false;
  facts.link->xdp_features.reset();
  EXPECT_EQ(finding(facts, "native_xdp").severity, Severity::note);
}

TEST(Preflight, a_large_mtu_needs_fragments) {
  auto facts = good_facts();
  facts.link->mtu = 9000;
  EXPECT_EQ(finding(facts, "mtu").severity, Severity::ok);
  EXPECT_TRUE(contains(finding(facts, "mtu").evidence, "fragments"));
  facts.link->xdp_features = xdp_feature::basic | xdp_feature::redirect;
  EXPECT_EQ(finding(facts, "mtu").severity, Severity::note);
  facts.link->mtu = 1500;
  EXPECT_EQ(finding(facts, "mtu").severity, Severity::ok);
}

TEST(Preflight, tells_a_foreign_program_from_its_own) {
  auto facts = good_facts();
  facts.link->xdp_mode = XdpMode::native;
  facts.link->xdp_prog_id = 42;
  facts.xdp_program = "xdp_dispatcher";
  EXPECT_EQ(finding(facts, "xdp_program").severity, Severity::critical);
  EXPECT_TRUE(contains(finding(facts, "xdp_program").evidence, "xdp_dispatcher (id 42)"));
  facts.xdp_is_hidden = true;
  EXPECT_EQ(finding(facts, "xdp_program").severity, Severity::warning) << "it may be arpline's own";
  EXPECT_FALSE(contains(remedy_of(finding(facts, "xdp_program")), "off"));
  facts.xdp_is_hidden = false;
  facts.xdp_is_ours = true;
  EXPECT_EQ(finding(facts, "xdp_program").severity, Severity::note);
}

TEST(Preflight, a_plain_ingress_qdisc_is_a_blocker_with_the_command_that_replaces_it) {
  auto facts = good_facts();
  facts.ingress_qdisc = "clsact";
  EXPECT_EQ(finding(facts, "egress").severity, Severity::ok);
  facts.ingress_qdisc = "ingress";
  EXPECT_EQ(finding(facts, "egress").severity, Severity::critical);
  EXPECT_TRUE(contains(finding(facts, "egress").evidence, "qdisc ingress"));
  EXPECT_TRUE(contains(remedy_of(finding(facts, "egress")), "tc qdisc add dev eth7 clsact"));
}

TEST(Preflight, an_egress_filter_matters_only_in_front_of_ours) {
  auto facts = good_facts();
  facts.egress = {{.pref = 10, .handle = 1, .kind = "bpf", .name = "cilium"}};
  EXPECT_EQ(finding(facts, "egress").severity, Severity::ok);
  facts.egress.push_back({.pref = 1, .handle = 1, .kind = "flower", .name = ""});
  EXPECT_EQ(finding(facts, "egress").severity, Severity::warning);
  EXPECT_TRUE(contains(finding(facts, "egress").evidence, "pref 1 flower"));
  EXPECT_FALSE(contains(finding(facts, "egress").evidence, "cilium"));
  facts.egress.push_back({.pref = 11, .handle = 1, .kind = "bpf", .name = "arpl_egress"});
  EXPECT_TRUE(contains(finding(facts, "egress").evidence, "cilium"));
}

TEST(Preflight, tcx_runs_before_every_filter) {
  auto facts = good_facts();
  facts.tcx = {"meter (id 5)"};
  EXPECT_EQ(finding(facts, "egress").severity, Severity::warning);
  EXPECT_TRUE(contains(finding(facts, "egress").evidence, "meter (id 5)"));
}

TEST(Preflight, stripped_tags_matter_with_vlans_only) {
  auto facts = good_facts();
  facts.link->rx_vlan_offload = true;
  EXPECT_EQ(finding(facts, "rx_vlan_offload").severity, Severity::note);
  facts.trunk = true;
  EXPECT_EQ(finding(facts, "rx_vlan_offload").severity, Severity::warning);
  EXPECT_EQ(remedy_of(finding(facts, "rx_vlan_offload")), "ethtool -K eth7 rxvlan off");
  facts.trunk = false;
  facts.vlan_uppers = true;
  EXPECT_EQ(finding(facts, "rx_vlan_offload").severity, Severity::warning);
}

TEST(Preflight, names_the_offload_that_takes_service_tags_out) {
  auto facts = good_facts();
  EXPECT_EQ(finding(facts, "rx_stag_offload").severity, Severity::ok);
  facts.link->rx_stag_offload = true;
  EXPECT_EQ(finding(facts, "rx_stag_offload").severity, Severity::note);
  EXPECT_TRUE(
      contains(remedy_of(finding(facts, "rx_stag_offload")), "ethtool -K eth7 rx-vlan-stag-hw-parse off"));
  facts.trunk = true;
  EXPECT_EQ(finding(facts, "rx_stag_offload").severity, Severity::warning);
}

TEST(Preflight, says_who_else_manages_the_interface) {
  auto facts = good_facts();
  facts.manager = Manager::network_manager;
  EXPECT_TRUE(contains(remedy_of(finding(facts, "manager")), "nmcli device set ifname eth7 managed no"));
  facts.manager = Manager::systemd_networkd;
  facts.network_file = "/etc/systemd/network/10-eth7.network";
  EXPECT_TRUE(contains(remedy_of(finding(facts, "manager")), facts.network_file.raw()));
}

TEST(Preflight, kernel_features) {
  auto facts = good_facts();
  facts.kernel = {.btf = false,
                  .bpffs = false,
                  .ring_buffer = false,
                  .xsk_map = true,
                  .xdp_frags_error = EINVAL,
                  .af_xdp_error = EAFNOSUPPORT};
  EXPECT_EQ(finding(facts, "btf").severity, Severity::note);
  EXPECT_EQ(remedy_of(finding(facts, "bpffs")), "mount -t bpf bpf /sys/fs/bpf");
  EXPECT_EQ(finding(facts, "bpffs").severity, Severity::critical);
  EXPECT_EQ(finding(facts, "ring_buffer").severity, Severity::critical);
  EXPECT_EQ(finding(facts, "xdp_frags").severity, Severity::critical);
  EXPECT_EQ(finding(facts, "af_xdp").severity, Severity::critical);
}

TEST(Preflight, counts_children) {
  auto facts = good_facts();
  facts.children = 0;
  EXPECT_EQ(finding(facts, "children").severity, Severity::note);
  facts.unseen = "no privilege";
  EXPECT_TRUE(contains(finding(facts, "children").evidence, "no privilege"));
}

TEST(Preflight, json_has_every_finding_and_takes_any_bytes) {
  auto facts = good_facts();
  facts.interface = "bad\xffname";
  facts.link.reset();
  const auto findings = judge(facts);
  const auto root = nlohmann::json::parse(findings_as_json(facts.interface, findings));
  EXPECT_FALSE(root.at("ready").get<bool>());
  EXPECT_EQ(root.at("findings").size(), findings.size());
  EXPECT_EQ(root.at("findings").back().at("level"), "blocker");
}

TEST(Preflight, text_ends_with_the_sum) {
  auto facts = good_facts();
  facts.children = 0;
  EXPECT_TRUE(
      findings_as_text("eth7", judge(facts)).ends_with("eth7: 0 blocker(s), 0 warning(s), 1 note(s)\n"));
}

}  // namespace
}  // namespace arpline
