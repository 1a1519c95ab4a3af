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

// Nobody but the endpoint's kernel knows whether it answers these; one that it has answered is like any other.
void sender_rows(std::vector<Row>& r) {
  const auto sender = [&](const std::string& name, Ipv4 address, std::uint8_t prefix_bits,
                          const Expect& above_to_child) {
    const FrameSpec frame{.sender_ip = address};
    r.push_back(
        {"row11_" + name, frame, {.prefix_bits = prefix_bits, .to_child = Budget::spent}, above_to_child});
    r.push_back({"row13_" + name + "_that_the_kernel_has_answered",
                 frame,
                 {.prefix_bits = prefix_bits, .pair = Pair::fresh, .requester_ip = address},
                 rings()});
  };
  const Expect odd = passes(ARPL_odd);
  sender("sender_outside_the_subnet", ip(10, 1, 1, 5), 24, odd);
  sender("sender_of_the_subnet_below", ip(10, 0, 255, 255), 24, odd);
  sender("first_host_of_the_subnet", ip(10, 1, 0, 1), 24, rings());
  sender("last_host_of_the_subnet", ip(10, 1, 0, 254), 24, rings());
  sender("network_address_is_a_host_to_linux", ip(10, 1, 0, 0), 24, rings());
  sender("directed_broadcast", ip(10, 1, 0, 255), 24, odd);
  sender("limited_broadcast", ip(255, 255, 255, 255), 0, odd);
  sender("loopback", ip(127, 0, 0, 1), 0, odd);
  sender("multicast", ip(224, 0, 0, 1), 0, odd);
  sender("last_multicast", ip(239, 255, 255, 255), 0, odd);
  sender("class_e", ip(240, 0, 0, 1), 0, odd);
  sender("this_network", ip(0, 0, 0, 1), 0, odd);
  sender("last_of_this_network", ip(0, 255, 255, 255), 0, odd);
  sender("prefix_0_takes_every_host", ip(192, 0, 2, 1), 0, rings());
  sender("prefix_0_takes_the_last_unicast_address", ip(223, 255, 255, 254), 0, rings());
  sender("prefix_31_takes_the_other_end", ip(10, 1, 0, 4), 31, rings());
  sender("prefix_31_takes_no_third_host", ip(10, 1, 0, 7), 31, odd);
  sender("prefix_32_takes_nobody", ip(10, 1, 0, 4), 32, odd);
  sender("prefix_8", ip(10, 255, 255, 254), 8, rings());
  sender("broadcast_of_prefix_8", ip(10, 255, 255, 255), 8, odd);
  sender("prefix_30_broadcast", ip(10, 1, 0, 7), 30, odd);
  r.push_back({"row11_prefix_31_has_no_broadcast",
               {.sender_ip = ip(10, 1, 0, 5), .target_ip = ip(10, 1, 0, 4)},
               {.address = ip(10, 1, 0, 4), .prefix_bits = 31, .to_child = Budget::spent},
               rings()});
}

void no_host_rows(std::vector<Row>& r) {
  const auto no_host = [&](const char* name, Ipv4 address) {
    r.push_back({name, {.sender_ip = address}, {}, passes(ARPL_odd)});
  };
  no_host("row11_a_multicast_sender_takes_no_budget", ip(224, 0, 0, 1));
  no_host("row11_a_loopback_sender_takes_no_budget", ip(127, 0, 0, 1));
  no_host("row11_a_broadcast_sender_takes_no_budget", ip(10, 1, 0, 255));
  const FrameSpec martian{.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip};
  r.push_back({"row11_another_address_of_its_own_namespace",
               martian,
               {.netns = 3, .sibling_netns = 3},
               claims(passes(ARPL_odd), sibling_slot)});
  r.push_back({"row11_an_address_of_another_namespace_is_regular",
               martian,
               {.netns = 3, .sibling_netns = 4},
               claims(to_child(ARPL_to_child_new), sibling_slot)});
}

void outside_rows(std::vector<Row>& r) {
  const FrameSpec outside{.sender_ip = ip(10, 1, 1, 5)};
  FrameSpec unicast = outside;
  unicast.eth_dst = endpoint_mac;
  r.push_back({"row11_from_outside_within_to_child", outside, {}, to_child(ARPL_to_child_new)});
  r.push_back({"row11_from_outside_by_unicast_within_to_child", unicast, {}, passes(ARPL_unicast_new)});
  r.push_back(
      {"row11_to_a_prefix_of_32_within_to_child", {}, {.prefix_bits = 32}, to_child(ARPL_to_child_new)});
  r.push_back({"row11_from_outside_the_program_answers_for_no_kernel",
               outside,
               {.to_child = Budget::spent, .ring = Budget::zero, .switches = ARPL_LIMIT_FAST_PATH},
               passes(ARPL_odd)});
  r.push_back({"row11_from_outside_checks_nothing",
               outside,
               {.confirmed = false, .to_child = Budget::spent},
               passes(ARPL_odd)});
  r.push_back({"row12_from_outside_an_old_pair_is_sampled",
               outside,
               {.pair = Pair::half_old, .requester_ip = outside.sender_ip},
               to_child(ARPL_to_child_sample)});
  r.push_back({"row13_from_outside_a_known_requester_is_reflected",
               outside,
               {.pair = Pair::fresh,
                .requester_ip = outside.sender_ip,
                .ring = Budget::zero,
                .switches = ARPL_LIMIT_FAST_PATH},
               reflects(ARPL_reflect)});
}

void odd_frame_rows(std::vector<Row>& r) {
  const auto source = [&](const char* name, Mac eth_src, Mac sender_mac) {
    r.push_back({name,
                 {.eth_src = eth_src, .sender_mac = sender_mac},
                 {.pair = Pair::fresh, .requester_mac = sender_mac},
                 passes(ARPL_odd)});
  };
  source("row10_sender_mac_zero", 0, 0);
  source("row10_sender_mac_zero_behind_a_regular_source", peer_mac, 0);
  source("row10_sender_mac_multicast", mac(0x01, 0, 0x5e, 0, 0, 1), mac(0x01, 0, 0x5e, 0, 0, 1));
  source("row10_sender_mac_broadcast", broadcast_mac, broadcast_mac);
  source("row10_sender_mac_is_not_the_ethernet_source", stranger_mac, peer_mac);
  source("row10_ethernet_source_multicast", mac(0x03, 0, 0, 0, 0, 1), peer_mac);
  r.push_back({"row10_hardware_type_6", {.hrd = 6}, {.pair = Pair::fresh}, passes(ARPL_odd)});

  const FrameSpec martian{.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip};
  const auto limited = [&](const char* name, const FrameSpec& frame, State state, const Expect& expect) {
    state.odd = Budget::spent;
    r.push_back({name, frame, state, expect});
  };
  const auto dropped = drops(ARPL_odd_limited);
  limited("odd_above_its_limit_is_dropped", {.bytes = 129}, {}, dropped);
  limited("odd_unicast_above_its_limit_is_dropped", {.eth_dst = endpoint_mac, .bytes = 129}, {}, dropped);
  limited("odd_hardware_type_6_above_its_limit_is_dropped", {.hrd = 6}, {}, dropped);
  limited("odd_from_outside_above_its_limit_is_dropped", {.sender_ip = ip(10, 1, 1, 5)},
          {.to_child = Budget::spent}, dropped);
  limited("odd_multicast_above_its_limit_is_dropped", {.eth_dst = mac(0x01, 0, 0x5e, 0, 0, 1)}, {}, dropped);
  limited("odd_a_dropped_one_can_claim", martian, {.netns = 3, .sibling_netns = 3},
          claims(dropped, sibling_slot));
  limited("odd_a_regular_who_has_is_not_limited", {}, {}, to_child(ARPL_to_child_new));
  limited("odd_with_hidden_tags_is_never_dropped", {.bytes = 129}, {.switches = ARPL_LIMIT_HIDDEN_TAGS},
          passes(ARPL_odd));
  limited("odd_for_nobody_is_never_dropped", {.hrd = 6, .target_ip = foreign_ip}, {}, passes(ARPL_foreign));
  limited("odd_for_what_is_not_served_is_never_dropped", {.bytes = 129}, {.flags = ARPL_SLOT_FLUX},
          passes(ARPL_not_served));
  limited("odd_an_announcement_is_never_dropped", {.hrd = 6, .sender_ip = foreign_ip, .target_ip = foreign_ip},
          {}, passes(ARPL_announcement));
  limited("odd_in_observe", {.bytes = 129}, {.switches = ARPL_LIMIT_OBSERVE}, would(ARPL_odd_limited));
  limited("odd_unicast_of_a_new_requester_for_an_unconfirmed_endpoint_is_dropped", {.eth_dst = endpoint_mac},
          {.confirmed = false, .to_child = Budget::spent, .checks_spent = true}, dropped);
  limited("odd_unicast_of_a_new_requester_that_the_ring_has_no_room_for_is_dropped", {.eth_dst = endpoint_mac},
          {.to_child = Budget::spent, .socket = false}, dropped);
  limited("odd_unicast_to_another_mac_is_never_dropped", {.eth_dst = parent_mac}, {}, misdirected());

  const State confirmed{.pair = Pair::fresh};
  r.push_back({"row10_128_bytes_are_served", {.bytes = 128}, confirmed, rings()});
  r.push_back({"row10_129_bytes_are_odd", {.bytes = 129}, confirmed, passes(ARPL_odd)});
  r.push_back({"row10_1514_bytes_are_odd", {.bytes = 1514}, confirmed, passes(ARPL_odd)});
  r.push_back(
      {"row10_a_frame_of_8000_bytes_in_fragments_is_odd", {.bytes = 8000}, confirmed, passes(ARPL_odd)});
  r.push_back({"row10_a_tagged_frame_of_129_bytes",
               {.tags = {tag100}, .bytes = 129},
               {.vlan = 100, .pair = Pair::fresh},
               passes(ARPL_odd)});
  r.push_back({"row10_an_odd_unicast", {.eth_dst = endpoint_mac, .bytes = 129}, confirmed, passes(ARPL_odd)});
  r.push_back({"row10_an_odd_frame_in_observe",
               {.bytes = 129},
               {.pair = Pair::fresh, .switches = ARPL_LIMIT_OBSERVE},
               passes(ARPL_odd)});
  r.push_back({"row10_odd_frames_can_claim",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip, .bytes = 129},
               {},
               claims(passes(ARPL_odd), sibling_slot)});
}

void new_pair_rows(std::vector<Row>& r) {
  const FrameSpec unicast{.eth_dst = endpoint_mac};
  r.push_back({"row11_a_new_unicast_passes", unicast, {}, passes(ARPL_unicast_new)});
  r.push_back({"row11_a_new_unicast_over_budget_rings", unicast, {.to_child = Budget::spent}, rings()});
  r.push_back(
      {"row11_a_new_unicast_over_its_sources_share_rings", unicast, {.source = Budget::spent}, rings()});
  r.push_back({"row11_a_new_unicast_over_budget_is_reflected",
               unicast,
               {.to_child = Budget::spent, .ring = Budget::zero, .switches = ARPL_LIMIT_FAST_PATH},
               reflects(ARPL_reflect_new)});
  r.push_back({"row11_a_new_unicast_over_budget_for_an_unconfirmed_endpoint_checks_it",
               unicast,
               {.confirmed = false, .to_child = Budget::spent},
               to_child(ARPL_to_child_check)});
  r.push_back({"row11_a_new_unicast_over_budget_and_checks_passes",
               unicast,
               {.confirmed = false, .to_child = Budget::spent, .checks_spent = true},
               passes(ARPL_unicast_new)});
  r.push_back({"row11_a_new_unicast_over_budget_with_hidden_tags_passes",
               unicast,
               {.to_child = Budget::spent, .odd = Budget::spent, .switches = ARPL_LIMIT_HIDDEN_TAGS},
               passes(ARPL_unicast_new)});
  r.push_back({"row11_an_expired_unicast_passes", unicast, {.pair = Pair::expired}, passes(ARPL_unicast_new)});
  r.push_back(
      {"row11_a_new_unicast_in_observe", unicast, {.switches = ARPL_LIMIT_OBSERVE}, passes(ARPL_unicast_new)});

  r.push_back({"row11_a_new_requester_goes_to_the_child", {}, {}, to_child(ARPL_to_child_new)});
  r.push_back({"row11_an_unconfirmed_endpoints_too", {}, {.confirmed = false}, to_child(ARPL_to_child_new)});
  r.push_back({"row11_an_expired_pair_is_new", {}, {.pair = Pair::expired}, to_child(ARPL_to_child_new)});
  r.push_back({"row11_a_pair_of_another_generation_is_new",
               {},
               {.pair = Pair::of_another_generation},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_a_pair_that_was_evicted_is_new",
               {},
               {.pair = Pair::of_colliding_requesters},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_another_mac_with_the_requesters_address_is_new",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac},
               {.pair = Pair::fresh},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_another_address_of_the_requester_is_new",
               {.sender_ip = ip(10, 1, 0, 98)},
               {.pair = Pair::fresh},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_the_pair_of_another_endpoint_is_new",
               {.target_ip = sibling_ip},
               {.pair = Pair::fresh},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_a_budget_without_limit",
               {},
               {.to_child = Budget::unlimited, .source = Budget::unlimited},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_hidden_tags_still_go_to_the_child",
               {},
               {.switches = ARPL_LIMIT_HIDDEN_TAGS},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_a_neighbour_table_full_5_s_ago_is_forgotten",
               {},
               {.neigh_full_ago = 5 * seconds},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_without_a_socket_new_requesters_still_go_to_the_child",
               {},
               {.socket = false},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_an_unpadded_frame", {.bytes = 42}, {}, to_child(ARPL_to_child_new)});
  r.push_back(
      {"row11_a_new_requester_in_observe", {}, {.switches = ARPL_LIMIT_OBSERVE}, would(ARPL_to_child_new)});
  r.push_back({"row11_a_new_requester_with_the_siblings_address_claims_it",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip},
               {},
               claims(to_child(ARPL_to_child_new), sibling_slot)});
}

void over_budget_rows(std::vector<Row>& r) {
  const State spent{.to_child = Budget::spent};
  r.push_back({"row11_over_budget_a_confirmed_endpoint_rings", {}, spent, rings()});
  r.push_back({"row11_over_budget_an_expired_pair_rings",
               {},
               {.pair = Pair::expired, .to_child = Budget::spent},
               rings()});
  r.push_back({"row11_over_its_sources_share_rings", {}, {.source = Budget::spent}, rings()});
  r.push_back({"row11_another_sources_share_is_its_own",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac},
               {.source = Budget::spent},
               to_child(ARPL_to_child_new)});
  r.push_back({"row11_a_budget_of_zero_rings", {}, {.to_child = Budget::zero}, rings()});
  r.push_back({"row11_a_share_of_zero_rings", {}, {.source = Budget::zero}, rings()});
  r.push_back({"row11_a_share_of_zero_under_no_limit_rings",
               {},
               {.to_child = Budget::unlimited, .source = Budget::zero},
               rings()});
  r.push_back({"row11_a_full_neighbour_table_rings", {}, {.neigh_full_ago = seconds}, rings()});
  r.push_back({"row11_a_full_neighbour_table_binds_an_unlimited_budget",
               {},
               {.to_child = Budget::unlimited, .source = Budget::unlimited, .neigh_full_ago = seconds},
               rings()});
  r.push_back({"row11_over_budget_an_unconfirmed_endpoint_is_checked",
               {},
               {.confirmed = false, .to_child = Budget::spent},
               to_child(ARPL_to_child_check)});
  r.push_back({"row11_over_budget_and_checks_an_unconfirmed_endpoint_passes",
               {},
               {.confirmed = false, .to_child = Budget::spent, .checks_spent = true},
               passes(ARPL_over_budget)});
  r.push_back({"row11_over_budget_without_a_socket_passes",
               {},
               {.to_child = Budget::spent, .socket = false},
               passes(ARPL_over_budget)});
  r.push_back({"row11_over_budget_without_credit_passes",
               {},
               {.to_child = Budget::spent, .in_flight = credit_window},
               passes(ARPL_over_budget)});
  r.push_back({"row11_over_budget_with_hidden_tags_passes",
               {},
               {.to_child = Budget::spent, .switches = ARPL_LIMIT_HIDDEN_TAGS},
               passes(ARPL_over_budget)});
  r.push_back({"row11_over_budget_in_observe",
               {},
               {.to_child = Budget::spent, .switches = ARPL_LIMIT_OBSERVE},
               would(ARPL_ring)});
  r.push_back({"row11_over_budget_unconfirmed_in_observe",
               {},
               {.confirmed = false, .to_child = Budget::spent, .switches = ARPL_LIMIT_OBSERVE},
               would(ARPL_to_child_check)});
  r.push_back({"row11_over_budget_a_tagged_frame_rings",
               {.tags = {tag100}},
               {.vlan = 100, .to_child = Budget::spent},
               rings()});
  r.push_back({"row11_a_claimant_for_the_ring_claims_all_the_same",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip},
               spent,
               claims(rings(), sibling_slot)});
  r.push_back({"row11_over_budget_without_credit_can_claim",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip},
               {.to_child = Budget::spent, .socket = false},
               claims(passes(ARPL_over_budget), sibling_slot)});
}

void sample_rows(std::vector<Row>& r) {
  const FrameSpec unicast{.eth_dst = endpoint_mac};
  r.push_back(
      {"row12_a_half_old_pair_is_sampled", {}, {.pair = Pair::half_old}, to_child(ARPL_to_child_sample)});
  r.push_back({"row12_a_sample_costs_the_budget_a_token",
               {},
               {.pair = Pair::half_old, .to_child = Budget::spent},
               rings()});
  r.push_back(
      {"row12_a_unicast_sample_passes", unicast, {.pair = Pair::half_old}, passes(ARPL_unicast_sample)});
  r.push_back({"row12_it_is_sampled_once", {}, {.pair = Pair::half_old_sampled}, rings()});
  r.push_back({"row12_a_unicast_one_is_sampled_once", unicast, {.pair = Pair::half_old_sampled}, rings()});
  r.push_back({"row12_a_full_neighbour_table_puts_samples_off",
               {},
               {.pair = Pair::half_old, .neigh_full_ago = seconds},
               rings()});
  r.push_back({"row12_a_sample_in_observe",
               {},
               {.pair = Pair::half_old, .switches = ARPL_LIMIT_OBSERVE},
               would(ARPL_to_child_sample)});
  r.push_back({"row12_a_unicast_sample_in_observe",
               unicast,
               {.pair = Pair::half_old, .switches = ARPL_LIMIT_OBSERVE},
               passes(ARPL_unicast_sample)});
}

void confirmed_rows(std::vector<Row>& r) {
  const State fresh{.pair = Pair::fresh};
  r.push_back({"row13_a_confirmed_pair_rings", {}, fresh, rings()});
  r.push_back({"row13_a_unicast_one_too", {.eth_dst = endpoint_mac}, fresh, rings()});
  r.push_back({"row13_whatever_target_mac_it_carries", {.target_mac = stranger_mac}, fresh, rings()});
  r.push_back({"row13_an_unpadded_frame_rings", {.bytes = 42}, fresh, rings()});
  r.push_back({"row13_although_the_endpoint_was_unconfirmed_since",
               {},
               {.confirmed = false, .pair = Pair::fresh},
               rings()});
  r.push_back({"row13_hidden_tags_do_not_matter_to_it",
               {},
               {.pair = Pair::fresh, .switches = ARPL_LIMIT_HIDDEN_TAGS},
               rings()});
  r.push_back({"row13_budgets_do_not_matter_to_it",
               {},
               {.pair = Pair::fresh, .to_child = Budget::zero, .source = Budget::zero},
               rings()});
  r.push_back(
      {"row13_the_last_credit_rings", {}, {.pair = Pair::fresh, .in_flight = credit_window - 1}, rings()});
  r.push_back({"row13_without_credit_to_the_child",
               {},
               {.pair = Pair::fresh, .in_flight = credit_window},
               to_child(ARPL_to_child_excess)});
  r.push_back({"row13_without_a_socket_to_the_child",
               {},
               {.pair = Pair::fresh, .socket = false},
               to_child(ARPL_to_child_excess)});
  r.push_back({"row13_the_excess_needs_no_budget",
               {},
               {.pair = Pair::fresh, .to_child = Budget::zero, .socket = false},
               to_child(ARPL_to_child_excess)});
  r.push_back({"row13_a_unicast_excess_stays_as_it_came",
               {.eth_dst = endpoint_mac},
               {.pair = Pair::fresh, .socket = false},
               to_child(ARPL_to_child_excess)});
  r.push_back(
      {"row13_in_observe", {}, {.pair = Pair::fresh, .switches = ARPL_LIMIT_OBSERVE}, would(ARPL_ring)});
  r.push_back({"row13_in_observe_without_a_socket_the_same",
               {},
               {.pair = Pair::fresh, .switches = ARPL_LIMIT_OBSERVE, .socket = false},
               would(ARPL_ring)});
  r.push_back({"row13_on_queue_1_with_its_socket", {}, {.pair = Pair::fresh, .socket_queue = 1}, rings(), 1});
  r.push_back({"row13_on_queue_1_with_a_socket_on_queue_0", {}, fresh, to_child(ARPL_to_child_excess), 1});
  r.push_back({"row13_on_queue_0_with_a_socket_on_queue_1",
               {},
               {.pair = Pair::fresh, .socket_queue = 1},
               to_child(ARPL_to_child_excess)});
}

}  // namespace

void add_request_rows(std::vector<Row>& r) {
  for (const auto add :
       {endpoint_rows, silent_rows, check_rows, probe_rows, sender_rows, no_host_rows, outside_rows,
        odd_frame_rows, new_pair_rows, over_budget_rows, sample_rows, confirmed_rows})
    add(r);
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    std::vector<Row> r;
    add_frame_rows(r);
    add_request_rows(r);
    add_fast_path_rows(r);
    return r;
  }();
  return all;
}

}  // namespace arpline::packet
