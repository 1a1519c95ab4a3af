// SPDX-License-Identifier: Apache-2.0

#include "packet/row_words.hpp"

namespace arpline::packet {
namespace {

void endpoint_rows(std::vector<Row>& r) {
  r.push_back({"row06_an_address_of_nobody", {.target_ip = foreign_ip}, {}, passes(ARPL_foreign)});
  r.push_back({"row06_no_such_endpoint", {}, {.endpoint = false}, passes(ARPL_foreign)});
  r.push_back({"row06_tagged_who_has_for_an_untagged_endpoint", {.tags = {tag100}}, {}, passes(ARPL_foreign)});
  r.push_back({"row06_untagged_who_has_for_an_endpoint_of_vlan_100", {}, {.vlan = 100}, passes(ARPL_foreign)});
  r.push_back({"row06_who_has_of_another_vlan", {.tags = {{.tci = 101}}}, {.vlan = 100}, passes(ARPL_foreign)});
  r.push_back(
      {"row06_a_foreign_who_has_by_a_claimant",
       {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = endpoint_ip, .target_ip = foreign_ip},
       {},
       claims(passes(ARPL_foreign), endpoint_slot)});
  r.push_back({"row06_a_probe_for_a_foreign_address",
               {.sender_ip = 0, .target_ip = foreign_ip},
               {},
               passes(ARPL_foreign)});

  const auto not_served = [&](const char* name, State state) {
    state.pair = Pair::fresh;
    r.push_back({name, {}, state, passes(ARPL_not_served)});
  };
  const auto served = [&](const char* name, const State& state, const Expect& expect) {
    r.push_back({name, {}, state, expect});
  };
  served("row07_claimed_just_now_is_served", {.claimed_ago = 0, .pair = Pair::fresh}, rings());
  served("row07_claimed_just_now_a_new_requester_goes_to_the_child", {.claimed_ago = 0},
         to_child(ARPL_to_child_new));
  served("row07_claimed_just_now_above_the_budget_rings", {.claimed_ago = 0, .to_child = Budget::spent},
         rings());
  not_served("row07_flux", {.flags = ARPL_SLOT_FLUX});
  not_served("row07_mode_source", {.flags = ARPL_SLOT_MODE_SOURCE});
  not_served("row07_duplicate", {.flags = ARPL_SLOT_DUPLICATE});
  not_served("row07_down", {.flags = ARPL_SLOT_DOWN});
  not_served("row07_noarp", {.flags = ARPL_SLOT_NOARP});
  not_served("row07_a_flag_of_a_later_version", {.flags = 1ULL << 63U});
  not_served("row07_withdrawn", {.withdrawn = true});
  not_served("row07_three_checks_unanswered", {.unanswered = 3});
  r.push_back({"row07_two_checks_unanswered_is_served", {}, {.unanswered = 2, .pair = Pair::fresh}, rings()});
  not_served("row07_the_hosts_own_address", {.flags = ARPL_SLOT_HOST_ADDRESS});
  r.push_back({"row07_not_served_comes_before_other_destination",
               {.eth_dst = stranger_mac},
               {.flags = ARPL_SLOT_DOWN},
               passes(ARPL_not_served)});
  r.push_back({"row07_not_served_in_observe",
               {},
               {.flags = ARPL_SLOT_DOWN, .switches = ARPL_LIMIT_OBSERVE},
               passes(ARPL_not_served)});

  r.push_back({"row08_unicast_to_the_parent", {.eth_dst = parent_mac}, {.pair = Pair::fresh}, misdirected()});
  r.push_back({"row08_unicast_to_the_sibling", {.eth_dst = sibling_mac}, {.pair = Pair::fresh}, misdirected()});
  r.push_back({"row08_multicast_is_odd",
               {.eth_dst = mac(0x01, 0, 0x5e, 0, 0, 1)},
               {.pair = Pair::fresh},
               passes(ARPL_odd)});
  r.push_back({"row08_broadcast_but_for_one_bit_is_odd",
               {.eth_dst = broadcast_mac & ~(1ULL << 47U)},
               {.pair = Pair::fresh},
               passes(ARPL_odd)});
  r.push_back({"row08_a_multicast_probe_is_odd",
               {.eth_dst = mac(0x01, 0, 0x5e, 0, 0, 1), .sender_ip = 0},
               {},
               passes(ARPL_odd)});
  r.push_back({"row08_is_noted_in_observe_too",
               {.eth_dst = stranger_mac},
               {.switches = ARPL_LIMIT_OBSERVE},
               misdirected()});
  r.push_back({"row08_comes_before_probes", {.eth_dst = parent_mac, .sender_ip = 0}, {}, misdirected()});
}

// An unconfirmed endpoint that has left three checks unanswered, the last one `ago`.
State silent(std::uint64_t ago) {
  return {.confirmed = false, .unanswered = 3, .unanswered_ago = ago};
}

void silent_rows(std::vector<Row>& r) {
  const auto row = [&](const char* name, const FrameSpec& frame, State state, const Expect& expect) {
    r.push_back({name, frame, state, expect});
  };
  const auto check = to_child(ARPL_to_child_check);
  const auto later = silent(seconds + 10 * milliseconds);
  row("row07_a_silent_endpoint_is_checked_once_a_second", {}, later, check);
  row("row07_a_silent_endpoint_is_not_checked_before", {}, silent(just_now), passes(ARPL_not_served));
  row("row07_a_silent_endpoint_by_unicast", {.eth_dst = endpoint_mac}, later, check);
  row("row07_a_silent_endpoint_by_a_probe", {.sender_ip = 0}, later, check);
  row(
      "row07_a_silent_endpoint_by_a_tagged_frame", {.tags = {tag100}},
      [&] {
        auto s = later;
        s.vlan = 100;
        return s;
      }(),
      check);
  const auto not_checked = [&](const char* name, const FrameSpec& frame) {
    row(name, frame, later, passes(ARPL_not_served));
  };
  not_checked("row07_an_odd_frame_checks_nothing", {.bytes = 200});
  not_checked("row07_hardware_type_6_checks_nothing", {.hrd = 6});
  not_checked("row07_a_sender_off_the_subnet_checks_nothing", {.sender_ip = ip(10, 1, 1, 5)});
  not_checked("row07_a_multicast_destination_checks_nothing", {.eth_dst = mac(0x01, 0, 0x5e, 0, 0, 1)});
  not_checked("row07_unicast_to_another_mac_checks_nothing", {.eth_dst = stranger_mac});
  const auto but = [&](const char* name, auto change, const Expect& expect) {
    auto s = later;
    change(s);
    row(name, {}, s, expect);
  };
  but(
      "row07_while_egress_is_not_seen_nobody_is_silent", [](State& s) { s.egress_seen_ago = 3 * seconds; },
      to_child(ARPL_to_child_new));
  but(
      "row07_no_check_above_the_checks_budget", [](State& s) { s.checks_spent = true; },
      passes(ARPL_not_served));
  but(
      "row07_no_check_with_hidden_tags", [](State& s) { s.switches = ARPL_LIMIT_HIDDEN_TAGS; },
      passes(ARPL_not_served));
  but(
      "row07_a_check_needs_no_room_in_the_neighbour_table", [](State& s) { s.neigh_full_ago = seconds; },
      check);
  but(
      "row07_a_check_needs_no_budget", [](State& s) { s.to_child = Budget::zero; }, check);
  but(
      "row07_a_check_in_observe", [](State& s) { s.switches = ARPL_LIMIT_OBSERVE; },
      would(ARPL_to_child_check));
  r.push_back({"row07_a_martian_checks_nothing",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip},
               [&] {
                 auto s = later;
                 s.netns = s.sibling_netns = 3;
                 return s;
               }(),
               claims(passes(ARPL_not_served), sibling_slot)});
}

void check_rows(std::vector<Row>& r) {
  const auto row = [&](const char* name, const State& state, const Expect& expect) {
    r.push_back({name, {}, state, expect});
  };
  const auto check = to_child(ARPL_to_child_check);
  // The kernel got a who-has more than a second ago and has sent nothing since.
  row("check_of_a_kernel_that_owes_an_answer",
      {.confirmed_ago = 2 * seconds, .unanswered_ago = 1500 * milliseconds}, check);
  row("check_for_a_confirmed_pair_too",
      {.confirmed_ago = 2 * seconds, .unanswered_ago = 1500 * milliseconds, .pair = Pair::fresh}, check);
  row("no_check_within_a_second", {.confirmed_ago = 2 * seconds, .unanswered_ago = just_now},
      to_child(ARPL_to_child_new));
  row("no_check_once_it_has_answered", {.confirmed_ago = seconds, .unanswered_ago = 2 * seconds},
      to_child(ARPL_to_child_new));
  row("check_of_a_confirmation_that_is_half_old", {.confirmed_ago = 301 * seconds}, check);
  row("no_check_of_a_younger_one", {.confirmed_ago = 299 * seconds}, to_child(ARPL_to_child_new));
  row("half_old_a_confirmation_counts",
      {.confirmed_ago = 301 * seconds, .to_child = Budget::spent, .checks_spent = true}, rings());
  row("old_a_confirmation_does_not_count",
      {.confirmed_ago = 601 * seconds, .to_child = Budget::spent, .checks_spent = true},
      passes(ARPL_over_budget));
  row("old_a_confirmation_is_checked", {.confirmed_ago = 601 * seconds, .to_child = Budget::spent}, check);
  row("no_second_check_within_a_tenth_of_a_second",
      {.confirmed = false, .to_child = Budget::spent, .checked_ago = just_now}, passes(ARPL_over_budget));
  row("a_second_check_after_a_tenth_of_a_second",
      {.confirmed = false, .to_child = Budget::spent, .checked_ago = 150 * milliseconds}, check);
  row("no_check_of_an_unconfirmed_endpoint_while_egress_is_not_seen",
      {.confirmed = false, .to_child = Budget::spent, .egress_seen_ago = 3 * seconds},
      passes(ARPL_over_budget));
  row("while_egress_is_not_seen_nothing_is_checked_and_to_child_goes_on",
      {.confirmed_ago = 20 * seconds, .unanswered_ago = 10 * seconds, .egress_seen_ago = 3 * seconds},
      to_child(ARPL_to_child_new));
  r.push_back(
      {"check_by_unicast", {.eth_dst = endpoint_mac}, {.confirmed = false, .to_child = Budget::spent}, check});
  r.push_back({"check_by_a_tagged_frame",
               {.tags = {tag100}},
               {.vlan = 100, .confirmed = false, .to_child = Budget::spent},
               check});
  r.push_back({"check_by_a_frame_with_a_priority_tag",
               {.tags = {{.tci = 0x6000}}},
               {.confirmed = false, .to_child = Budget::spent},
               check});
  r.push_back({"check_by_a_claimant_of_the_siblings_address",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip},
               {.confirmed = false, .to_child = Budget::spent},
               claims(check, sibling_slot)});
}

void probe_rows(std::vector<Row>& r) {
  const FrameSpec probe{.sender_ip = 0};
  const FrameSpec unicast{.eth_dst = endpoint_mac, .sender_ip = 0};
  const auto row = [&](const char* name, const FrameSpec& frame, const State& state, const Expect& expect) {
    r.push_back({name, frame, state, expect});
  };
  const auto handed = to_child(ARPL_to_child_probe);
  row("row09_a_broadcast_probe_goes_to_the_child", probe, {}, handed);
  row("row09_a_probe_of_an_unconfirmed_endpoint", probe, {.confirmed = false}, handed);
  row("row09_a_unicast_probe_passes", unicast, {}, passes(ARPL_probe));
  row("row09_needs_no_to_child_budget", probe, {.to_child = Budget::zero, .source = Budget::zero}, handed);
  row("row09_needs_no_room_in_the_neighbour_table", probe, {.neigh_full_ago = seconds}, handed);
  row("row09_a_probe_is_never_in_the_pairs", probe, {.pair = Pair::fresh, .requester_ip = 0}, handed);
  row("row09_a_long_probe_is_a_probe", {.sender_ip = 0, .bytes = 200}, {}, handed);
  row("row09_a_tagged_probe", {.tags = {tag100}, .sender_ip = 0}, {.vlan = 100}, handed);
  row("row09_a_probe_in_observe", probe, {.switches = ARPL_LIMIT_OBSERVE}, would(ARPL_to_child_probe));
  const State above{.probes_spent = true};
  row("row09_above_its_budget_a_confirmed_endpoint_answers", probe, above, rings());
  row("row09_above_its_budget_a_unicast_one_too", unicast, above, rings());
  row("row09_above_its_budget_without_a_ring_it_passes", probe, {.probes_spent = true, .socket = false},
      passes(ARPL_probe));
  row("row09_above_its_budget_an_unconfirmed_endpoint_is_checked", probe,
      {.confirmed = false, .probes_spent = true}, to_child(ARPL_to_child_check));
  row("row09_above_its_budget_and_the_checks_it_passes", probe,
      {.confirmed = false, .probes_spent = true, .checks_spent = true}, passes(ARPL_probe));
  row("row09_above_its_budget_a_long_one_passes", {.sender_ip = 0, .bytes = 200}, above, passes(ARPL_probe));
  row("row09_above_its_budget_hardware_type_6_passes", {.hrd = 6, .sender_ip = 0}, above, passes(ARPL_probe));
  row("row09_above_its_budget_with_hidden_tags_it_passes", probe,
      {.probes_spent = true, .switches = ARPL_LIMIT_HIDDEN_TAGS}, passes(ARPL_probe));
  row("row09_above_its_budget_it_is_reflected", probe,
      {.ring = Budget::zero, .probes_spent = true, .switches = ARPL_LIMIT_FAST_PATH},
      reflects(ARPL_reflect_new));
  row("row09_above_its_budget_a_tagged_one_is_reflected", {.tags = {tag100}, .sender_ip = 0},
      {.vlan = 100, .ring = Budget::zero, .probes_spent = true, .switches = ARPL_LIMIT_FAST_PATH},
      reflects(ARPL_reflect_new));
}

}  // namespace

void add_request_rows(std::vector<Row>& r) {
  for (const auto add : {endpoint_rows, silent_rows, check_rows, probe_rows}) add(r);
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    std::vector<Row> r;
    add_frame_rows(r);
    add_request_rows(r);
    add_requester_rows(r);
    add_fast_path_rows(r);
    return r;
  }();
  return all;
}

}  // namespace arpline::packet
