// SPDX-License-Identifier: Apache-2.0
#include "packet/rows.hpp"

namespace arpline::packet {
namespace {

// The container's kernel answers the peer.
FrameSpec answer() {
  return {.eth_dst = peer_mac,
          .eth_src = endpoint_mac,
          .op = 2,
          .sender_mac = endpoint_mac,
          .sender_ip = endpoint_ip,
          .target_mac = peer_mac,
          .target_ip = peer_ip};
}

template <class Change>
FrameSpec answer_but(Change change) {
  FrameSpec f = answer();
  change(f);
  return f;
}

void confirming_rows(std::vector<EgressRow>& r) {
  const State unconfirmed{.confirmed = false, .unanswered = 2};
  const EgressExpect both{.confirmed = true, .pair = true};
  r.push_back({"a_reply_confirms_pair_and_endpoint", answer(), unconfirmed, both});
  r.push_back({"an_unpadded_reply", answer_but([](FrameSpec& f) { f.bytes = 42; }), unconfirmed, both});
  r.push_back(
      {"a_reply_renews_an_old_pair", answer(), {.confirmed = false, .pair = Pair::half_old_sampled}, both});
  r.push_back({"a_reply_evicts_a_colliding_pair",
               answer(),
               {.confirmed = false, .pair = Pair::of_colliding_requesters},
               both});
  r.push_back({"a_reply_brings_a_silent_endpoint_back", answer(), {.confirmed = false, .unanswered = 3}, both});
  r.push_back({"a_reply_confirms_without_a_lease", answer(), {.lease = false, .confirmed = false}, both});
  r.push_back(
      {"a_reply_confirms_in_observe", answer(), {.confirmed = false, .switches = ARPL_LIMIT_OBSERVE}, both});
  r.push_back({"a_reply_with_its_tag_in_the_frame",
               answer_but([](FrameSpec& f) { f.tags = {{.tci = 100}}; }),
               {.vlan = 100, .confirmed = false},
               both});
  r.push_back({"a_reply_to_a_probe_confirms_the_endpoint_only",
               answer_but([](FrameSpec& f) { f.target_ip = 0; }),
               {.confirmed = false, .requester_ip = 0},
               {.confirmed = true}});
}

void unconfirming_rows(std::vector<EgressRow>& r) {
  const State s{.confirmed = false};
  const EgressExpect nothing{};
  r.push_back({"a_broadcast_gratuitous_reply_confirms_nothing", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.target_mac = broadcast_mac;
                 f.target_ip = endpoint_ip;
               }),
               s, nothing});
  r.push_back({"a_reply_sent_to_another_than_its_target_confirms_nothing",
               answer_but([](FrameSpec& f) { f.eth_dst = stranger_mac; }), s, nothing});
  r.push_back({"a_reply_with_another_ethernet_source_confirms_nothing",
               answer_but([](FrameSpec& f) { f.eth_src = parent_mac; }), s, nothing});
  r.push_back({"an_announcement_by_the_slots_mac_is_no_claim", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.op = 1;
                 f.target_mac = 0;
                 f.target_ip = endpoint_ip;
               }),
               s, nothing});
  r.push_back({"a_who_has_by_the_endpoint_confirms_nothing", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.op = 1;
                 f.target_mac = 0;
               }),
               s, nothing});
  r.push_back({"a_reply_in_another_vlan_confirms_nothing",
               answer_but([](FrameSpec& f) { f.tags = {{.tci = 101}}; }),
               {.vlan = 100, .confirmed = false},
               nothing});
  r.push_back({"a_reply_of_no_endpoint_confirms_nothing", answer(), {.endpoint = false}, nothing});
  r.push_back({"a_reply_of_a_withdrawn_endpoint_confirms_nothing",
               answer(),
               {.withdrawn = true, .confirmed = false},
               nothing});
  r.push_back({"a_reply_of_nobody_for_a_withdrawn_endpoint_confirms_nothing",
               answer_but([](FrameSpec& f) { f.eth_src = f.sender_mac = 0; }),
               {.withdrawn = true, .confirmed = false},
               nothing});
}

void claim_rows(std::vector<EgressRow>& r) {
  const State s{.confirmed = false};
  const EgressExpect claim{.claimed_slot = endpoint_slot};
  const auto by_stranger = [](FrameSpec& f) { f.eth_src = f.sender_mac = stranger_mac; };
  r.push_back({"a_reply_with_another_mac_is_a_claim", answer_but(by_stranger), s, claim});
  r.push_back({"a_reply_of_the_host_is_a_claim",
               answer_but([](FrameSpec& f) { f.eth_src = f.sender_mac = parent_mac; }), s, claim});
  r.push_back({"a_siblings_announcement_of_the_address_is_a_claim", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.eth_src = f.sender_mac = sibling_mac;
                 f.op = 1;
                 f.target_ip = endpoint_ip;
               }),
               s, claim});
  r.push_back({"a_who_has_with_the_endpoints_address_is_a_claim", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.eth_src = f.sender_mac = sibling_mac;
                 f.op = 1;
               }),
               s, claim});
  r.push_back({"a_tagged_claim",
               answer_but([](FrameSpec& f) {
                 f.tags = {{.tci = 100}};
                 f.sender_mac = stranger_mac;
               }),
               {.vlan = 100, .confirmed = false},
               claim});
  r.push_back({"a_probe_for_the_endpoint_is_no_claim",
               answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.eth_src = f.sender_mac = sibling_mac;
                 f.op = 1;
                 f.sender_ip = 0;
                 f.target_ip = endpoint_ip;
               }),
               s,
               {}});
  r.push_back({"flux_is_no_claim", answer_but(by_stranger), {.flags = ARPL_SLOT_FLUX, .confirmed = false}, {}});
  r.push_back({"a_duplicate_is_no_claim",
               answer_but(by_stranger),
               {.flags = ARPL_SLOT_DUPLICATE, .confirmed = false},
               {}});
  r.push_back({"a_withdrawn_endpoint_is_not_claimed",
               answer_but(by_stranger),
               {.withdrawn = true, .confirmed = false},
               {}});
}

void other_rows(std::vector<EgressRow>& r) {
  const State s{.confirmed = false};
  const EgressExpect unseen{.seen = false};
  r.push_back({"the_self_tests_frame_is_counted",
               answer_but([](FrameSpec& f) {
                 f.eth_dst = f.eth_src = f.sender_mac = parent_mac;
                 f.op = ARPL_SELF_TEST_OP;
               }),
               s,
               {.self_test = true}});
  r.push_back({"its_opcode_between_two_hosts_is_no_self_test",
               answer_but([](FrameSpec& f) { f.op = ARPL_SELF_TEST_OP; }),
               s,
               {}});
  r.push_back({"ipv4_is_not_seen", answer_but([](FrameSpec& f) { f.ethertype = 0x0800; }), s, unseen});
  r.push_back({"tagged_ipv4_is_not_seen", answer_but([](FrameSpec& f) {
                 f.tags = {{.tci = 100}};
                 f.ethertype = 0x0800;
               }),
               s, unseen});
  r.push_back({"a_malformed_reply_is_not_seen", answer_but([](FrameSpec& f) { f.hrd = 6; }), s, unseen});
  r.push_back({"a_truncated_reply_is_not_seen", answer_but([](FrameSpec& f) { f.bytes = 41; }), s, unseen});
  r.push_back({"a_reply_behind_two_tags_is_not_seen", answer_but([](FrameSpec& f) {
                 f.tags = {{.tci = 100}, {.tci = 100}};
               }),
               s, unseen});
  r.push_back({"a_reply_behind_8021ad_is_not_seen",
               answer_but([](FrameSpec& f) { f.tags = {{.type = 0x88a8, .tci = 100}}; }),
               {.vlan = 100},
               unseen});
  r.push_back({"a_long_reply_is_read_like_any_other",
               answer_but([](FrameSpec& f) { f.bytes = 1514; }),
               s,
               {.confirmed = true, .pair = true}});
}

}  // namespace

const std::vector<EgressRow>& egress_rows() {
  static const std::vector<EgressRow> all = [] {
    std::vector<EgressRow> r;
    for (const auto add : {confirming_rows, unconfirming_rows, claim_rows, other_rows}) add(r);
    return r;
  }();
  return all;
}

}  // namespace arpline::packet
