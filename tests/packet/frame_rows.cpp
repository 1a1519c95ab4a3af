// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "packet/row_words.hpp"

namespace arpline::packet {
namespace {

void lease_rows(std::vector<Row>& r) {
  r.push_back({"row00_expired_lease_passes_a_who_has", {}, {.lease = false}, passes(ARPL_lease_expired)});
  r.push_back({"row00_expired_lease_passes_a_confirmed_pair",
               {},
               {.lease = false, .pair = Pair::fresh},
               passes(ARPL_lease_expired)});
  r.push_back(
      {"row00_expired_lease_comes_before_malformed", {.hrd = 7}, {.lease = false}, passes(ARPL_lease_expired)});
  r.push_back({"row00_expired_lease_is_not_looked_at_for_a_claim",
               {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
               {.lease = false},
               passes(ARPL_lease_expired)});
  r.push_back({"row00_expired_lease_passes_in_observe_too",
               {},
               {.lease = false, .switches = ARPL_LIMIT_OBSERVE},
               passes(ARPL_lease_expired)});
  r.push_back(
      {"row00_expired_lease_counts_no_other_protocol", {.ethertype = 0x0800}, {.lease = false}, not_arp()});
}

void malformed_rows(std::vector<Row>& r) {
  r.push_back({"row01_hardware_type_7", {.hrd = 7}, {}, passes(ARPL_malformed)});
  r.push_back({"row01_hardware_type_0", {.hrd = 0}, {}, passes(ARPL_malformed)});
  r.push_back({"row01_hardware_type_in_the_wrong_byte_order", {.hrd = 0x0100}, {}, passes(ARPL_malformed)});
  r.push_back({"row01_protocol_is_not_ipv4", {.pro = 0x86dd}, {}, passes(ARPL_malformed)});
  r.push_back({"row01_hardware_address_of_8_bytes", {.hln = 8}, {}, passes(ARPL_malformed)});
  r.push_back({"row01_protocol_address_of_16_bytes", {.pln = 16}, {}, passes(ARPL_malformed)});
  r.push_back({"row01_one_byte_short", {.bytes = 41}, {}, passes(ARPL_malformed)});
  r.push_back(
      {"row01_one_byte_short_behind_a_tag", {.tags = {tag100}, .bytes = 45}, {}, passes(ARPL_malformed)});
  r.push_back(
      {"row01_malformed_comes_before_own_mac", {.eth_src = parent_mac, .pln = 6}, {}, passes(ARPL_malformed)});
  r.push_back(
      {"row01_malformed_is_not_looked_at_for_a_claim",
       {.eth_src = stranger_mac, .hrd = 7, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
       {},
       passes(ARPL_malformed)});
}

void tag_rows(std::vector<Row>& r) {
  const State tagged{.vlan = 100, .pair = Pair::fresh};
  r.push_back({"row02_one_tag_is_served", {.tags = {tag100}}, tagged, rings()});
  r.push_back({"row02_the_priority_of_a_tag_is_no_part_of_its_vlan",
               {.tags = {{.type = 0x8100, .tci = 0xf064}}},
               tagged,
               rings()});
  r.push_back({"row02_a_priority_tag_is_no_vlan",
               {.tags = {{.type = 0x8100, .tci = 0xe000}}},
               {.pair = Pair::fresh},
               rings()});
  r.push_back({"row02_a_tag_stays_on_the_way_to_the_child",
               {.tags = {tag100}},
               {.vlan = 100},
               to_child(ARPL_to_child_new)});
  r.push_back({"row02_a_priority_tag_stays_on_the_way_to_the_child",
               {.tags = {{.type = 0x8100, .tci = 0xe000}}},
               {},
               to_child(ARPL_to_child_new)});
  r.push_back({"row02_two_tags", {.tags = {tag100, tag100}}, tagged, passes(ARPL_tags)});
  r.push_back({"row02_two_priority_tags", {.tags = {{}, {}}}, {}, passes(ARPL_tags)});
  r.push_back({"row02_three_tags", {.tags = {tag100, tag100, tag100}}, tagged, passes(ARPL_tags)});
  r.push_back({"row02_one_8021ad_tag", {.tags = {{.type = 0x88a8, .tci = 100}}}, tagged, passes(ARPL_tags)});
  r.push_back({"row02_an_8021ad_priority_tag", {.tags = {{.type = 0x88a8}}}, {}, passes(ARPL_tags)});
  r.push_back({"row02_8021ad_outside_8021q",
               {.tags = {{.type = 0x88a8, .tci = 5}, tag100}},
               tagged,
               passes(ARPL_tags)});
  r.push_back(
      {"row02_8021ad_inside_8021q", {.tags = {tag100, {.type = 0x88a8, .tci = 5}}}, tagged, passes(ARPL_tags)});
  r.push_back({"row02_two_tags_before_a_truncated_packet",
               {.tags = {tag100, tag100}, .bytes = 30},
               tagged,
               passes(ARPL_tags)});
  r.push_back({"row02_four_tags_are_looked_at_by_nobody",
               {.tags = {tag100, tag100, tag100, tag100}},
               tagged,
               not_arp()});
  r.push_back({"row02_tags_come_before_own_mac",
               {.eth_src = parent_mac, .tags = {tag100, tag100}},
               tagged,
               passes(ARPL_tags)});
}

void own_mac_rows(std::vector<Row>& r) {
  r.push_back({"row03_ethernet_source_is_the_childs", {.eth_src = endpoint_mac}, {}, own_mac()});
  r.push_back({"row03_sender_mac_is_the_childs", {.sender_mac = endpoint_mac}, {}, own_mac()});
  r.push_back(
      {"row03_both_are_the_childs", {.eth_src = endpoint_mac, .sender_mac = endpoint_mac}, {}, own_mac()});
  r.push_back({"row03_ethernet_source_is_the_parents", {.eth_src = parent_mac}, {}, own_mac()});
  r.push_back({"row03_sender_mac_is_the_parents", {.sender_mac = parent_mac}, {}, own_mac()});
  r.push_back({"row03_a_siblings_who_has_comes_back_from_the_wire",
               {.eth_src = sibling_mac, .sender_mac = sibling_mac, .sender_ip = sibling_ip},
               {},
               own_mac()});
  r.push_back({"row03_a_reply_of_our_own_comes_back",
               {.eth_src = endpoint_mac, .op = 2, .sender_mac = endpoint_mac, .sender_ip = endpoint_ip},
               {},
               own_mac()});
  Row sibling{"row03_a_siblings_mac_claims_as_any_other",
              {.eth_src = sibling_mac, .op = 2, .sender_mac = sibling_mac, .sender_ip = endpoint_ip},
              {},
              own_mac()};
  sibling.expect.claimed_slot = endpoint_slot;
  r.push_back(sibling);
  r.push_back({"row03_own_mac_in_observe_is_the_same_verdict",
               {.eth_src = endpoint_mac},
               {.switches = ARPL_LIMIT_OBSERVE},
               own_mac()});
  Row silent{"row03_without_an_event_when_events_are_over_budget",
             {.eth_src = endpoint_mac},
             {.own_macs = Budget::spent},
             own_mac()};
  silent.expect.event = 0;
  r.push_back(silent);
  r.push_back({"row03_claims_do_not_use_up_its_events",
               {.eth_src = endpoint_mac},
               {.events = Budget::spent},
               own_mac()});
  // A child uses a peer's MAC: the peer is still answered, but its who-has are not handed to the kernel, whose
  // replies would stay inside the host.
  const auto shared = [&](const char* name, const FrameSpec& frame, State state, Expect expect) {
    state.requester_mac_is_shared = true;
    expect.event = ARPL_EVENT_OWN_MAC;
    r.push_back({name, frame, state, expect});
  };
  shared("row03_a_shared_mac_is_the_peers", {}, {.pair = Pair::fresh}, rings());
  shared("row03_a_shared_mac_is_answered_as_above_the_budget", {}, {}, rings());
  shared("row03_a_shared_mac_unicast_too", {.eth_dst = endpoint_mac}, {}, rings());
  shared("row03_a_shared_mac_is_not_sampled", {}, {.pair = Pair::half_old}, rings());
  shared("row03_a_shared_mac_passes_for_an_unconfirmed_endpoint", {}, {.confirmed = false},
         passes(ARPL_over_budget));
  shared("row03_a_shared_mac_checks_nothing", {},
         {.confirmed = false, .unanswered = 3, .unanswered_ago = 2 * seconds}, passes(ARPL_not_served));
  shared("row03_a_shared_mac_that_probes_is_answered", {.sender_ip = 0}, {}, rings());
  shared("row03_a_shared_mac_that_probes_an_unconfirmed_endpoint", {.sender_ip = 0}, {.confirmed = false},
         passes(ARPL_probe));
  shared("row03_a_shared_mac_is_reflected", {}, {.ring = Budget::zero, .switches = ARPL_LIMIT_FAST_PATH},
         reflects(ARPL_reflect_new));
  shared("row03_a_shared_mac_without_a_ring_passes", {}, {.pair = Pair::fresh, .socket = false},
         passes(ARPL_over_budget));
  shared("row03_an_own_sender_mac_behind_a_shared_source", {.sender_mac = endpoint_mac}, {}, own_mac());
  shared("row03_an_own_source_with_a_shared_sender_mac", {.eth_src = endpoint_mac}, {}, own_mac());
}

void plain_reply_rows(std::vector<Row>& r) {
  const FrameSpec peer_reply{.eth_dst = endpoint_mac, .op = 2, .target_mac = endpoint_mac};
  r.push_back({"row04_a_reply_passes", peer_reply, {}, passes(ARPL_reply)});
  r.push_back(
      {"row04_a_reply_passes_with_a_confirmed_pair", peer_reply, {.pair = Pair::fresh}, passes(ARPL_reply)});
  r.push_back({"row04_a_gratuitous_reply_passes",
               {.op = 2, .target_mac = broadcast_mac, .target_ip = peer_ip},
               {},
               passes(ARPL_reply)});
  r.push_back({"row04_opcode_0", {.op = 0}, {}, passes(ARPL_other_op)});
  r.push_back({"row04_reverse_arp_opcode", {.op = 3}, {}, passes(ARPL_other_op)});
  r.push_back({"row04_opcode_in_the_wrong_byte_order", {.op = 0x0100}, {}, passes(ARPL_other_op)});
}

// A reply always passes, whoever sent the who-has.
void answer_rows(std::vector<Row>& r) {
  const auto row = [&](const char* name, const FrameSpec& frame, const State& state, const Expect& expect) {
    r.push_back({name, frame, state, expect});
  };
  const FrameSpec answer{.eth_dst = endpoint_mac, .op = 2, .target_mac = endpoint_mac};
  const auto but = [&](auto change) {
    auto frame = answer;
    change(frame);
    return frame;
  };
  const State asked{.awaits = peer_ip};
  const auto reported = answers(ARPL_EVENT_PROBE_ANSWER);
  row("row04_the_answer_that_an_endpoint_awaits_is_reported", answer, asked, reported);
  row("row04_an_awaited_answer_is_reported_although_events_are_over_budget", answer,
      {.events = Budget::spent, .awaits = peer_ip}, reported);
  row("row04_an_awaited_answer_is_reported_for_an_endpoint_that_is_not_served", answer,
      {.flags = ARPL_SLOT_FLUX, .awaits = peer_ip}, reported);
  row("row04_an_awaited_answer_is_reported_in_its_vlan", but([](FrameSpec& f) { f.tags = {tag100}; }),
      {.vlan = 100, .awaits = peer_ip}, reported);
  row("row04_an_awaited_answer_for_an_endpoint_without_room_in_the_index", answer,
      {.overflow = true, .awaits = peer_ip}, reported);
  row("row04_the_gateways_mac_does_not_matter", but([](FrameSpec& f) { f.sender_mac = stranger_mac; }), asked,
      reported);
  const auto silent = [&](const char* name, const FrameSpec& frame, const State& state) {
    row(name, frame, state, passes(ARPL_reply));
  };
  silent("row04_an_answer_of_another_vlan_is_not_awaited", answer, {.vlan = 100, .awaits = peer_ip});
  silent("row04_an_answer_of_another_address_is_not_awaited",
         but([](FrameSpec& f) { f.sender_ip = foreign_ip; }), asked);
  silent("row04_an_answer_for_the_sibling_is_not_awaited", but([](FrameSpec& f) { f.target_ip = sibling_ip; }),
         asked);
  silent("row04_an_answer_to_another_mac_is_not_awaited",
         but([](FrameSpec& f) { f.eth_dst = f.target_mac = sibling_mac; }), asked);
  silent("row04_a_broadcast_answer_is_not_awaited", but([](FrameSpec& f) { f.eth_dst = broadcast_mac; }),
         asked);
  silent("row04_an_answer_without_an_address_is_never_awaited", but([](FrameSpec& f) { f.sender_ip = 0; }), {});
  row("row04_a_request_is_no_answer", {.eth_dst = endpoint_mac, .target_mac = endpoint_mac}, asked,
      passes(ARPL_unicast_new));
  row("row00_expired_lease_leaves_an_answer_unheard", answer, {.lease = false, .awaits = peer_ip},
      passes(ARPL_lease_expired));
}

void host_answer_rows(std::vector<Row>& r) {
  const auto row = [&](const char* name, const FrameSpec& frame, const State& state, const Expect& expect) {
    r.push_back({name, frame, state, expect});
  };
  const FrameSpec answer{.eth_dst = parent_mac, .op = 2, .target_mac = parent_mac, .target_ip = 0};
  const auto reported = answers(ARPL_EVENT_HOST_ANSWER);
  auto other = answer;
  row("row04_the_answer_that_the_parent_awaits_is_reported", answer, {.host_awaits = peer_ip}, reported);
  other.tags = {tag100};
  row("row04_the_parents_answer_is_reported_in_its_vlan", other, {.vlan = 100, .host_awaits = peer_ip},
      reported);
  row("row04_the_parents_answer_of_another_vlan_is_not_awaited", other, {.host_awaits = peer_ip},
      passes(ARPL_reply));
  other = answer;
  other.sender_ip = foreign_ip;
  row("row04_the_parents_answer_of_another_address_is_not_awaited", other, {.host_awaits = peer_ip},
      passes(ARPL_reply));
  other = answer;
  other.eth_dst = endpoint_mac;
  row("row04_an_answer_to_the_endpoint_is_not_the_parents", other, {.host_awaits = peer_ip},
      passes(ARPL_reply));
  row("row04_nothing_is_awaited_unasked", answer, {}, passes(ARPL_reply));
}

void reply_claim_rows(std::vector<Row>& r) {
  r.push_back(
      {"row04_a_reply_of_hardware_type_6_is_a_claim_too",
       {.eth_src = stranger_mac, .hrd = 6, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
       {},
       claims(passes(ARPL_reply), endpoint_slot)});
  r.push_back({"row04_a_reply_with_the_endpoints_address_is_a_claim",
               {.eth_dst = peer_mac,
                .eth_src = stranger_mac,
                .op = 2,
                .sender_mac = stranger_mac,
                .sender_ip = endpoint_ip,
                .target_mac = peer_mac,
                .target_ip = peer_ip},
               {},
               claims(passes(ARPL_reply), endpoint_slot)});
  r.push_back({"row04_a_reply_with_the_siblings_address_claims_the_siblings",
               {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = sibling_ip},
               {},
               claims(passes(ARPL_reply), sibling_slot)});
  r.push_back({"row04_a_tagged_reply_claims_in_its_vlan",
               {.eth_src = stranger_mac,
                .tags = {tag100},
                .op = 2,
                .sender_mac = stranger_mac,
                .sender_ip = endpoint_ip},
               {.vlan = 100},
               claims(passes(ARPL_reply), endpoint_slot)});
  r.push_back({"row04_a_reply_of_another_vlan_claims_nothing",
               {.eth_src = stranger_mac,
                .tags = {{.tci = 200}},
                .op = 2,
                .sender_mac = stranger_mac,
                .sender_ip = endpoint_ip},
               {.vlan = 100},
               passes(ARPL_reply)});
  r.push_back({"row04_a_reply_with_the_slots_mac_claims_nothing",
               {.eth_src = endpoint_mac, .op = 2, .sender_mac = endpoint_mac, .sender_ip = endpoint_ip},
               {.endpoint_mac_is_own = false},
               passes(ARPL_reply)});
  r.push_back({"row04_an_endpoint_in_flux_is_answered_for_without_a_claim",
               {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
               {.flags = ARPL_SLOT_FLUX},
               passes(ARPL_reply)});
  r.push_back({"row04_a_duplicate_endpoint_is_answered_for_without_a_claim",
               {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
               {.flags = ARPL_SLOT_DUPLICATE},
               passes(ARPL_reply)});
  r.push_back({"row04_an_endpoint_that_is_down_can_be_claimed",
               {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
               {.flags = ARPL_SLOT_DOWN},
               claims(passes(ARPL_reply), endpoint_slot)});
  r.push_back({"row04_a_withdrawn_endpoint_cannot_be_claimed",
               {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
               {.withdrawn = true},
               passes(ARPL_reply)});
  r.push_back({"row04_a_claim_is_one_in_observe_too",
               {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
               {.switches = ARPL_LIMIT_OBSERVE},
               claims(passes(ARPL_reply), endpoint_slot)});
  Row silent{"row04_a_claim_over_the_events_budget_is_still_a_claim",
             {.eth_src = stranger_mac, .op = 2, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
             {.events = Budget::spent},
             claims(passes(ARPL_reply), endpoint_slot)};
  silent.expect.event = 0;
  r.push_back(silent);
  r.push_back({"row04_an_unknown_opcode_can_claim",
               {.eth_src = stranger_mac, .op = 9, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
               {},
               claims(passes(ARPL_other_op), endpoint_slot)});
}

void announcement_rows(std::vector<Row>& r) {
  r.push_back({"row05_an_announcement_of_another_host", {.target_ip = peer_ip}, {}, passes(ARPL_announcement)});
  r.push_back({"row05_an_announcement_of_the_endpoints_address_is_a_claim",
               {.eth_src = stranger_mac, .sender_mac = stranger_mac, .sender_ip = endpoint_ip},
               {},
               claims(passes(ARPL_announcement), endpoint_slot)});
  r.push_back({"row05_an_announcement_by_the_slots_mac_is_no_claim",
               {.eth_src = endpoint_mac, .sender_mac = endpoint_mac, .sender_ip = endpoint_ip},
               {.endpoint_mac_is_own = false},
               passes(ARPL_announcement)});
  r.push_back({"row05_sender_and_target_0", {.sender_ip = 0, .target_ip = 0}, {}, passes(ARPL_announcement)});
}

void other_protocol_rows(std::vector<Row>& r) {
  r.push_back({"not_arp_ipv4", {.ethertype = 0x0800}, {}, not_arp()});
  r.push_back({"not_arp_ipv6", {.ethertype = 0x86dd}, {}, not_arp()});
  r.push_back({"not_arp_reverse_arp", {.ethertype = 0x8035}, {}, not_arp()});
  r.push_back({"not_arp_type_in_the_wrong_byte_order", {.ethertype = 0x0608}, {}, not_arp()});
  r.push_back({"not_arp_behind_a_tag", {.tags = {tag100}, .ethertype = 0x0800}, {.vlan = 100}, not_arp()});
  r.push_back({"not_arp_behind_two_tags", {.tags = {tag100, tag100}, .ethertype = 0x0800}, {}, not_arp()});
}

// Frames cut at every length. The test run rejects frames below 14 bytes; only the C++ build gets those.
void length_rows(std::vector<Row>& r) {
  for (std::size_t bytes = 0; bytes <= 60; ++bytes) {
    const Expect whole = to_child(ARPL_to_child_new);
    const Expect untagged = bytes < 14 ? not_arp() : bytes < 42 ? passes(ARPL_malformed) : whole;
    const Expect tagged = bytes < 18 ? not_arp() : bytes < 46 ? passes(ARPL_malformed) : whole;
    const Expect two = bytes < 22 ? not_arp() : passes(ARPL_tags);
    r.push_back({fmt::format("length_{:02}_untagged", bytes), {.bytes = bytes}, {}, untagged});
    r.push_back(
        {fmt::format("length_{:02}_tagged", bytes), {.tags = {tag100}, .bytes = bytes}, {.vlan = 100}, tagged});
    r.push_back(
        {fmt::format("length_{:02}_two_tags", bytes), {.tags = {tag100, tag100}, .bytes = bytes}, {}, two});
  }
}

}  // namespace

void add_frame_rows(std::vector<Row>& r) {
  for (const auto add :
       {lease_rows, malformed_rows, tag_rows, own_mac_rows, plain_reply_rows, answer_rows, host_answer_rows,
        reply_claim_rows, announcement_rows, other_protocol_rows, length_rows})
    add(r);
}

}  // namespace arpline::packet
