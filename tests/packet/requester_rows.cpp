// SPDX-License-Identifier: Apache-2.0

#include "packet/row_words.hpp"

namespace arpline::packet {
namespace {

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

void add_requester_rows(std::vector<Row>& r) {
  for (const auto add : {sender_rows, no_host_rows, outside_rows, odd_frame_rows, new_pair_rows,
                         over_budget_rows, sample_rows, confirmed_rows})
    add(r);
}

}  // namespace arpline::packet
