// SPDX-License-Identifier: Apache-2.0

#include "packet/row_words.hpp"

namespace arpline::packet {
namespace {

constexpr std::uint64_t fast = ARPL_LIMIT_FAST_PATH;
constexpr std::uint64_t fast_observe = ARPL_LIMIT_FAST_PATH | ARPL_LIMIT_OBSERVE;

// A confirmed pair, without a budget for the ring, as by default.
State known() {
  return {.pair = Pair::fresh, .ring = Budget::zero, .switches = fast};
}

State known_but(void (*change)(State&)) {
  State state = known();
  change(state);
  return state;
}

// A new requester after the TO_CHILD budget is spent.
State unknown_but(void (*change)(State&)) {
  State state{.to_child = Budget::spent, .ring = Budget::zero, .switches = fast};
  change(state);
  return state;
}

void reflecting_rows(std::vector<Row>& r) {
  r.push_back({"fast_a_confirmed_pair_is_reflected", {}, known(), reflects(ARPL_reflect)});
  r.push_back({"fast_the_pair_confirmed_last_too",
               {},
               known_but([](State& s) { s.last = true; }),
               reflects(ARPL_reflect)});
  r.push_back({"fast_a_unicast_one_too", {.eth_dst = endpoint_mac}, known(), reflects(ARPL_reflect)});
  r.push_back({"fast_a_tagged_one_keeps_its_tag",
               {.tags = {tag100}},
               known_but([](State& s) { s.vlan = 100; }),
               reflects(ARPL_reflect)});
  r.push_back({"fast_the_tags_priority_is_not_repeated",
               {.tags = {{.type = 0x8100, .tci = 0x6064}}},
               known_but([](State& s) { s.vlan = 100; }),
               reflects(ARPL_reflect)});
  r.push_back({"fast_a_priority_tag_is_taken_out",
               {.tags = {{.type = 0x8100, .tci = 0x6000}}},
               known(),
               reflects(ARPL_reflect)});
  r.push_back(
      {"fast_whatever_target_mac_it_carries", {.target_mac = stranger_mac}, known(), reflects(ARPL_reflect)});
  for (std::size_t bytes = 42; bytes <= ARPL_MAX_SERVED_FRAME_BYTES; ++bytes) {
    r.push_back({"fast_length_" + std::to_string(bytes),
                 {.bytes = bytes, .padding = 0xa5},
                 known(),
                 reflects(ARPL_reflect)});
  }
  for (const std::size_t bytes : {46, 47, 60, 64, 127, 128}) {
    r.push_back({"fast_length_" + std::to_string(bytes) + "_tagged",
                 {.tags = {tag100}, .bytes = bytes, .padding = 0xa5},
                 known_but([](State& s) { s.vlan = 100; }),
                 reflects(ARPL_reflect)});
  }
  r.push_back({"fast_129_bytes_are_odd", {.bytes = 129}, known(), passes(ARPL_odd)});
  r.push_back({"fast_a_new_requester_goes_to_the_child_first",
               {},
               {.ring = Budget::zero, .switches = fast},
               to_child(ARPL_to_child_new)});
  r.push_back(
      {"fast_above_the_budget_it_is_reflected", {}, unknown_but([](State&) {}), reflects(ARPL_reflect_new)});
  r.push_back({"fast_a_full_neighbour_table_reflects",
               {},
               unknown_but([](State& s) { s.to_child = Budget::unlimited, s.neigh_full_ago = seconds; }),
               reflects(ARPL_reflect_new)});
  r.push_back({"fast_an_unconfirmed_endpoint_is_checked",
               {},
               unknown_but([](State& s) { s.confirmed = false; }),
               to_child(ARPL_to_child_check)});
  r.push_back({"fast_an_endpoint_confirmed_eleven_minutes_ago_is_checked_first",
               {},
               unknown_but([](State& s) { s.confirmed_ago = 660 * seconds; }),
               to_child(ARPL_to_child_check)});
  r.push_back({"fast_hidden_tags_leave_a_new_requester_to_the_kernel",
               {},
               unknown_but([](State& s) { s.switches |= ARPL_LIMIT_HIDDEN_TAGS; }),
               passes(ARPL_over_budget)});
  r.push_back({"fast_hidden_tags_do_not_matter_to_a_confirmed_pair",
               {},
               known_but([](State& s) { s.switches |= ARPL_LIMIT_HIDDEN_TAGS; }),
               reflects(ARPL_reflect)});
  r.push_back({"fast_a_unicast_who_has_of_a_new_requester_is_reflected",
               {.eth_dst = endpoint_mac},
               unknown_but([](State&) {}),
               reflects(ARPL_reflect_new)});
  r.push_back({"fast_a_claimant_that_is_reflected_claims_all_the_same",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip},
               unknown_but([](State&) {}),
               claims(reflects(ARPL_reflect_new), sibling_slot)});
  r.push_back({"fast_a_sample_goes_to_the_child",
               {},
               known_but([](State& s) { s.pair = Pair::half_old; }),
               to_child(ARPL_to_child_sample)});
  r.push_back({"fast_a_contested_endpoint_is_reflected_as_before",
               {},
               known_but([](State& s) { s.claimed_ago = seconds; }),
               reflects(ARPL_reflect)});
  r.push_back({"fast_an_expired_lease_passes",
               {},
               known_but([](State& s) { s.lease = false; }),
               passes(ARPL_lease_expired)});
  r.push_back(
      {"fast_in_observe", {}, known_but([](State& s) { s.switches = fast_observe; }), would(ARPL_reflect)});
  r.push_back({"fast_a_new_requester_in_observe",
               {},
               unknown_but([](State& s) { s.switches = fast_observe; }),
               would(ARPL_reflect_new)});
  r.push_back({"fast_without_room_in_the_index_the_hash_knows_it",
               {},
               known_but([](State& s) { s.overflow = true; }),
               reflects(ARPL_reflect)});
  r.push_back({"fast_no_endpoint_where_the_index_is_full_of_others",
               {},
               known_but([](State& s) { s.overflow = true, s.endpoint = false; }),
               passes(ARPL_foreign)});
}

void ring_rows(std::vector<Row>& r) {
  const auto row = [&](const char* name, const State& state, const Expect& expect) {
    r.push_back({name, {}, state, expect});
  };
  row("fast_ring_within_its_budgets", known_but([](State& s) { s.ring = Budget::normal; }), rings());
  row("fast_ring_budget_spent", known_but([](State& s) { s.ring = Budget::spent; }), reflects(ARPL_reflect));
  row("fast_ring_source_spent",
      known_but([](State& s) { s.ring = Budget::normal, s.ring_source = Budget::spent; }),
      reflects(ARPL_reflect));
  row("fast_ring_endpoint_spent",
      known_but([](State& s) { s.ring = Budget::normal, s.ring_endpoint = Budget::spent; }),
      reflects(ARPL_reflect));
  row("fast_ring_without_credit",
      known_but([](State& s) { s.ring = Budget::normal, s.in_flight = credit_window; }),
      reflects(ARPL_reflect));
  row("fast_ring_without_a_socket", known_but([](State& s) { s.ring = Budget::normal, s.socket = false; }),
      reflects(ARPL_reflect));
  row("fast_ring_for_a_new_requester", unknown_but([](State& s) { s.ring = Budget::normal; }), rings());
  row("fast_ring_in_observe", known_but([](State& s) { s.ring = Budget::normal, s.switches = fast_observe; }),
      would(ARPL_ring));
  row("fast_off_for_this_endpoint_it_rings", known_but([](State& s) { s.slow = true; }), rings());
  row("fast_off_for_this_endpoint_without_credit_to_the_child",
      known_but([](State& s) { s.slow = true, s.socket = false; }), to_child(ARPL_to_child_excess));
  row("fast_off_for_this_endpoint_a_new_requester_without_credit_passes",
      unknown_but([](State& s) { s.slow = true, s.socket = false; }), passes(ARPL_over_budget));
}

void trusted_rows(std::vector<Row>& r) {
  const auto row = [&](const char* name, const State& state, const Expect& expect) {
    r.push_back({name, {}, state, expect});
  };
  row("trusted_who_announced_itself_has_a_share_of_its_own",
      unknown_but([](State& s) { s.trusted = Budget::normal, s.announced_ago = seconds; }),
      to_child(ARPL_to_child_new));
  row("trusted_an_announcement_counts_for_a_minute",
      unknown_but([](State& s) { s.trusted = Budget::normal, s.announced_ago = 61 * seconds; }),
      reflects(ARPL_reflect_new));
  row("trusted_an_announcer_waits_while_the_neighbour_table_is_full", unknown_but([](State& s) {
        s.trusted = Budget::normal, s.announced_ago = seconds, s.neigh_full_ago = seconds;
      }),
      reflects(ARPL_reflect_new));
  row("trusted_whom_a_container_asked_for_has_it",
      unknown_but([](State& s) { s.trusted = Budget::normal, s.asked_ago = seconds; }),
      to_child(ARPL_to_child_new));
  row("trusted_whom_a_container_asked_for_has_an_entry_in_a_full_table", unknown_but([](State& s) {
        s.trusted = Budget::normal, s.asked_ago = seconds, s.neigh_full_ago = seconds;
      }),
      to_child(ARPL_to_child_new));
  row("trusted_nobody_else_has_it", unknown_but([](State& s) { s.trusted = Budget::normal; }),
      reflects(ARPL_reflect_new));
  row("trusted_and_spent_is_reflected",
      unknown_but([](State& s) { s.trusted = Budget::spent, s.asked_ago = seconds; }),
      reflects(ARPL_reflect_new));
  r.push_back({"trusted_a_unicast_one_too",
               {.eth_dst = endpoint_mac},
               unknown_but([](State& s) { s.trusted = Budget::normal, s.asked_ago = seconds; }),
               passes(ARPL_unicast_new)});
}

void opt_in_rows(std::vector<Row>& r) {
  const FrameSpec foreign{.target_ip = foreign_ip};
  r.push_back({"cap_within_reflect_max",
               {},
               known_but([](State& s) { s.reflect = Budget::normal; }),
               reflects(ARPL_reflect)});
  r.push_back({"cap_above_reflect_max_it_is_dropped",
               {},
               known_but([](State& s) { s.reflect = Budget::spent; }),
               drops(ARPL_reflect_capped)});
  r.push_back({"cap_of_zero_drops_all",
               {},
               known_but([](State& s) { s.reflect = Budget::zero; }),
               drops(ARPL_reflect_capped)});
  r.push_back({"cap_above_the_sources_it_is_dropped",
               {},
               known_but([](State& s) { s.reflect_source = Budget::spent; }),
               drops(ARPL_reflect_capped)});
  r.push_back({"cap_a_new_requester_too",
               {},
               unknown_but([](State& s) { s.reflect = Budget::spent; }),
               drops(ARPL_reflect_capped)});
  r.push_back({"cap_without_the_fast_path_there_is_none",
               {},
               known_but([](State& s) { s.reflect = Budget::spent, s.switches = 0; }),
               rings()});
  r.push_back({"cap_in_observe",
               {},
               known_but([](State& s) { s.reflect = Budget::spent, s.switches = fast_observe; }),
               would(ARPL_reflect_capped)});
  r.push_back({"foreign_within_its_limit_passes", foreign, {.foreign = Budget::normal}, passes(ARPL_foreign)});
  r.push_back(
      {"foreign_above_its_limit_is_dropped", foreign, {.foreign = Budget::spent}, drops(ARPL_foreign_limited)});
  r.push_back({"foreign_what_this_host_answers_for_is_never_dropped",
               foreign,
               {.foreign = Budget::spent, .answered_here_ago = 3600 * seconds},
               passes(ARPL_foreign)});
  r.push_back({"foreign_unicast_is_never_dropped",
               {.eth_dst = parent_mac, .target_ip = foreign_ip},
               {.foreign = Budget::spent},
               passes(ARPL_foreign)});
  r.push_back({"foreign_with_hidden_tags_is_never_dropped",
               foreign,
               {.foreign = Budget::spent, .switches = ARPL_LIMIT_HIDDEN_TAGS},
               passes(ARPL_foreign)});
  r.push_back({"foreign_an_announcement_is_never_dropped",
               {.sender_ip = foreign_ip, .target_ip = foreign_ip},
               {.foreign = Budget::spent},
               passes(ARPL_announcement)});
  r.push_back({"foreign_a_reply_is_never_dropped",
               {.op = 2, .target_ip = foreign_ip},
               {.foreign = Budget::spent},
               passes(ARPL_reply)});
  r.push_back(
      {"foreign_a_dropped_one_can_claim",
       {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = sibling_ip, .target_ip = foreign_ip},
       {.foreign = Budget::spent},
       claims(drops(ARPL_foreign_limited), sibling_slot)});
  r.push_back({"foreign_in_observe",
               foreign,
               {.foreign = Budget::spent, .switches = ARPL_LIMIT_OBSERVE},
               would(ARPL_foreign_limited)});
  r.push_back({"foreign_with_an_expired_lease_passes",
               foreign,
               {.lease = false, .foreign = Budget::spent},
               passes(ARPL_lease_expired)});
}

}  // namespace

void add_fast_path_rows(std::vector<Row>& r) {
  for (const auto add : {reflecting_rows, ring_rows, trusted_rows, opt_in_rows}) add(r);
}

}  // namespace arpline::packet
