// SPDX-License-Identifier: Apache-2.0
#include "packet/rows.hpp"

namespace arpline::packet {
namespace {

// The container's kernel replies to the peer.
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
  const State unconfirmed{.confirmed = false, .unanswered = 2, .handed_ago = just_now};
  const auto but = [&](auto change) {
    State s = unconfirmed;
    change(s);
    return s;
  };
  const EgressExpect both{.confirmed = true, .pair = true};
  r.push_back({"a_reply_confirms_pair_and_endpoint", answer(), unconfirmed, both});
  r.push_back({"an_unpadded_reply", answer_but([](FrameSpec& f) { f.bytes = 42; }), unconfirmed, both});
  r.push_back(
      {"a_reply_renews_an_old_pair", answer(), but([](State& s) { s.pair = Pair::half_old_sampled; }), both});
  r.push_back({"a_reply_evicts_a_colliding_pair", answer(),
               but([](State& s) { s.pair = Pair::of_colliding_requesters; }), both});
  r.push_back(
      {"a_reply_brings_a_silent_endpoint_back", answer(), but([](State& s) { s.unanswered = 3; }), both});
  r.push_back({"a_reply_confirms_without_a_lease", answer(), but([](State& s) { s.lease = false; }), both});
  r.push_back(
      {"a_reply_confirms_in_observe", answer(), but([](State& s) { s.switches = ARPL_LIMIT_OBSERVE; }), both});
  r.push_back({"a_reply_with_its_tag_in_the_frame", answer_but([](FrameSpec& f) { f.tags = {{.tci = 100}}; }),
               but([](State& s) { s.vlan = 100; }), both});
  r.push_back({"a_reply_to_a_probe_confirms_the_endpoint_only",
               answer_but([](FrameSpec& f) { f.target_ip = 0; }),
               but([](State& s) { s.requester_ip = 0; }),
               {.confirmed = true}});
}

// The reply to a who-has that ingress has changed into a probe.
void check_rows(std::vector<EgressRow>& r) {
  const auto checked = answer_but([](FrameSpec& f) { f.target_ip = 0; });
  const State s{.confirmed = false, .unanswered = 3, .checked_ago = just_now};
  const auto but = [&](auto change) {
    State state = s;
    change(state);
    return state;
  };
  const EgressExpect back{.confirmed = true, .given_back = peer_ip};
  const EgressExpect nothing{.heard = ARPL_HEARD_ANSWERED};
  r.push_back({"a_reply_to_a_check_is_given_the_requesters_address", checked, s, back});
  r.push_back({"a_reply_to_a_check_with_its_tag_in_the_frame",
               answer_but([](FrameSpec& f) { f.target_ip = 0, f.tags = {{.tci = 100}}; }),
               but([](State& x) { x.vlan = 100; }), back});
  r.push_back({"a_late_reply_to_a_check_is_given_it_too", checked,
               but([](State& x) { x.checked_ago = 1900 * milliseconds; }), back});
  r.push_back({"after_two_seconds_it_answers_no_check", checked,
               but([](State& x) { x.checked_ago = 2100 * milliseconds; }), nothing});
  r.push_back({"a_reply_to_another_mac_answers_no_check",
               answer_but([](FrameSpec& f) { f.target_ip = 0, f.eth_dst = f.target_mac = stranger_mac; }), s,
               nothing});
  r.push_back({"in_observe_nothing_is_given_back", checked,
               but([](State& x) { x.switches = ARPL_LIMIT_OBSERVE; }), nothing});
  r.push_back({"a_reply_to_a_probe_made_a_check_stays_one",
               checked,
               but([](State& x) { x.requester_ip = 0; }),
               {.confirmed = true}});
}

void unconfirming_rows(std::vector<EgressRow>& r) {
  const State s{.confirmed = false, .handed_ago = just_now};
  const EgressExpect nothing{};
  const EgressExpect unasked{.heard = ARPL_HEARD_ANSWERED};
  r.push_back({"a_reply_that_nobody_asked_for_confirms_nothing", answer(), {.confirmed = false}, unasked});
  r.push_back({"a_reply_long_after_its_who_has_confirms_nothing",
               answer(),
               {.confirmed = false, .handed_ago = 400 * milliseconds},
               unasked});
  r.push_back({"a_reply_to_a_probe_that_nobody_sent_confirms_nothing",
               answer_but([](FrameSpec& f) { f.target_ip = 0; }),
               {.confirmed = false, .requester_ip = 0},
               unasked});
  r.push_back(
      {"a_reply_of_hardware_type_6_confirms_nothing", answer_but([](FrameSpec& f) { f.hrd = 6; }), s, unasked});
  const EgressExpect only_heard{.heard = ARPL_HEARD_ANSWERED};
  r.push_back({"a_broadcast_gratuitous_reply_confirms_nothing", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.target_mac = broadcast_mac;
                 f.target_ip = endpoint_ip;
               }),
               s, nothing});
  r.push_back({"a_reply_sent_to_another_than_its_target_confirms_nothing",
               answer_but([](FrameSpec& f) { f.eth_dst = stranger_mac; }), s, only_heard});
  r.push_back({"a_reply_with_another_ethernet_source_confirms_nothing",
               answer_but([](FrameSpec& f) { f.eth_src = parent_mac; }), s, only_heard});
  r.push_back({"an_announcement_by_the_slots_mac_is_no_claim", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.op = 1;
                 f.target_mac = 0;
                 f.target_ip = endpoint_ip;
               }),
               s, nothing});
  r.push_back({"a_who_has_by_the_endpoint_confirms_nothing",
               answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.op = 1;
                 f.target_mac = 0;
               }),
               s,
               {.heard = ARPL_HEARD_ASKED}});
  r.push_back({"a_reply_in_another_vlan_confirms_nothing",
               answer_but([](FrameSpec& f) { f.tags = {{.tci = 101}}; }),
               {.vlan = 100, .confirmed = false, .handed_ago = just_now},
               only_heard});
  r.push_back({"a_reply_of_no_endpoint_confirms_nothing",
               answer(),
               {.endpoint = false, .handed_ago = just_now},
               only_heard});
  r.push_back({"a_reply_of_a_withdrawn_endpoint_confirms_nothing",
               answer(),
               {.withdrawn = true, .confirmed = false},
               only_heard});
  r.push_back({"a_reply_of_nobody_for_a_withdrawn_endpoint_confirms_nothing",
               answer_but([](FrameSpec& f) { f.eth_src = f.sender_mac = 0; }),
               {.withdrawn = true, .confirmed = false},
               only_heard});
}

void claim_rows(std::vector<EgressRow>& r) {
  const State s{.confirmed = false};
  const EgressExpect claim{.claimed_slot = endpoint_slot};
  const auto by_stranger = [](FrameSpec& f) { f.eth_src = f.sender_mac = stranger_mac; };
  r.push_back({"a_reply_with_another_mac_is_a_claim", answer_but(by_stranger), s, claim});
  r.push_back({"a_reply_of_the_host_is_a_claim",
               answer_but([](FrameSpec& f) { f.eth_src = f.sender_mac = parent_mac; }), s, claim});
  r.push_back({"another_mac_of_its_own_namespace_claims_nothing",
               answer_but([](FrameSpec& f) { f.eth_src = f.sender_mac = sibling_mac; }),
               {.confirmed = false, .netns = 3, .sibling_netns = 3},
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"a_mac_of_another_namespace_claims",
               answer_but([](FrameSpec& f) { f.eth_src = f.sender_mac = sibling_mac; }),
               {.confirmed = false, .netns = 3, .sibling_netns = 4},
               claim});
  r.push_back({"a_claim_of_hardware_type_6", answer_but([](FrameSpec& f) {
                 f.hrd = 6;
                 f.eth_src = f.sender_mac = stranger_mac;
               }),
               s, claim});
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
  r.push_back({"flux_is_no_claim",
               answer_but(by_stranger),
               {.flags = ARPL_SLOT_FLUX, .confirmed = false},
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"a_duplicate_is_no_claim",
               answer_but(by_stranger),
               {.flags = ARPL_SLOT_DUPLICATE, .confirmed = false},
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"a_withdrawn_endpoint_is_not_claimed",
               answer_but(by_stranger),
               {.withdrawn = true, .confirmed = false},
               {.heard = ARPL_HEARD_ANSWERED}});
}

// With claims = "drop".
void dropping_rows(std::vector<EgressRow>& r) {
  const State s{.confirmed = false, .switches = ARPL_LIMIT_CLAIMS_DROP};
  const EgressExpect dropped{.claimed_slot = endpoint_slot, .dropped = true};
  const EgressExpect claim{.claimed_slot = endpoint_slot};
  const auto by = [](Mac mac) { return answer_but([mac](FrameSpec& f) { f.eth_src = f.sender_mac = mac; }); };
  const auto but = [&s](auto change) {
    State state = s;
    change(state);
    return state;
  };
  r.push_back({"drop_takes_a_siblings_claim", by(sibling_mac), s, dropped});
  r.push_back({"drop_lets_the_hosts_claim_out", by(parent_mac), s, claim});
  r.push_back({"drop_takes_a_containers_claim_with_the_hosts_ethernet_source",
               answer_but([](FrameSpec& f) { f.eth_src = parent_mac, f.sender_mac = sibling_mac; }), s,
               dropped});
  r.push_back({"drop_takes_a_claim_with_the_hosts_sender_mac",
               answer_but([](FrameSpec& f) { f.eth_src = sibling_mac, f.sender_mac = parent_mac; }), s,
               dropped});
  r.push_back({"drop_takes_a_claim_of_hardware_type_6",
               answer_but([](FrameSpec& f) { f.hrd = 6, f.eth_src = f.sender_mac = sibling_mac; }), s,
               dropped});
  r.push_back({"drop_takes_the_claim_of_a_mac_that_is_nobodys", by(stranger_mac), s, dropped});
  r.push_back({"drop_takes_a_siblings_announcement_of_the_address", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.eth_src = f.sender_mac = sibling_mac;
                 f.op = 1;
                 f.target_ip = endpoint_ip;
               }),
               s, dropped});
  r.push_back({"drop_takes_a_who_has_with_the_address", answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.eth_src = f.sender_mac = sibling_mac;
                 f.op = 1;
               }),
               s, dropped});
  r.push_back({"drop_takes_a_tagged_claim", answer_but([](FrameSpec& f) {
                 f.tags = {{.tci = 100}};
                 f.eth_src = f.sender_mac = sibling_mac;
               }),
               but([](State& x) { x.vlan = 100; }), dropped});
  r.push_back({"drop_takes_a_claim_of_an_endpoint_that_is_contested_anyway", by(sibling_mac),
               but([](State& x) { x.claimed_ago = seconds; }), dropped});
  r.push_back({"drop_takes_a_claim_of_an_endpoint_in_mode_source", by(sibling_mac),
               but([](State& x) { x.flags = ARPL_SLOT_MODE_SOURCE; }), dropped});
  r.push_back({"in_observe_the_claim_would_be_dropped",
               by(sibling_mac),
               but([](State& x) { x.switches |= ARPL_LIMIT_OBSERVE; }),
               {.claimed_slot = endpoint_slot, .would_drop = true}});
  r.push_back(
      {"without_a_lease_no_claim_is_dropped", by(sibling_mac), but([](State& x) { x.lease = false; }), claim});
  r.push_back({"while_the_endpoint_is_down_no_claim_is_dropped", by(sibling_mac),
               but([](State& x) { x.flags = ARPL_SLOT_DOWN; }), claim});
  r.push_back({"drop_takes_a_claim_with_the_endpoints_ethernet_source",
               answer_but([](FrameSpec& f) { f.sender_mac = sibling_mac; }), s, dropped});
  r.push_back({"drop_lets_the_endpoints_answer_out",
               answer(),
               but([](State& x) { x.handed_ago = just_now; }),
               {.confirmed = true, .pair = true}});
  r.push_back({"drop_lets_another_mac_of_its_own_namespace_out",
               by(sibling_mac),
               but([](State& x) { x.netns = x.sibling_netns = 3; }),
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"drop_lets_the_endpoints_announcement_out",
               answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.op = 1;
                 f.target_mac = 0;
                 f.target_ip = endpoint_ip;
               }),
               s,
               {}});
  r.push_back({"drop_lets_flux_out",
               by(sibling_mac),
               but([](State& x) { x.flags = ARPL_SLOT_FLUX; }),
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"drop_lets_a_duplicate_out",
               by(sibling_mac),
               but([](State& x) { x.flags = ARPL_SLOT_DUPLICATE; }),
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"drop_lets_answers_for_a_withdrawn_endpoint_out",
               by(sibling_mac),
               but([](State& x) { x.withdrawn = true; }),
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"drop_lets_a_probe_for_the_address_out",
               answer_but([](FrameSpec& f) {
                 f.eth_dst = broadcast_mac;
                 f.eth_src = f.sender_mac = sibling_mac;
                 f.op = 1;
                 f.sender_ip = 0;
                 f.target_ip = endpoint_ip;
               }),
               s,
               {}});
  r.push_back({"drop_lets_a_claim_in_another_vlan_out",
               answer_but([](FrameSpec& f) {
                 f.tags = {{.tci = 101}};
                 f.eth_src = f.sender_mac = sibling_mac;
               }),
               but([](State& x) { x.vlan = 100; }),
               {.heard = ARPL_HEARD_ANSWERED}});
}

// `heard`: the addresses that containers ask for and that this host answers for, which ingress reads later.
void hearing_rows(std::vector<EgressRow>& r) {
  const State s{};
  const auto asks = [](Mac mac, Ipv4 sender) {
    return answer_but([=](FrameSpec& f) {
      f.eth_dst = broadcast_mac;
      f.eth_src = f.sender_mac = mac;
      f.op = 1;
      f.sender_ip = sender;
      f.target_mac = 0;
    });
  };
  const EgressExpect asked{.heard = ARPL_HEARD_ASKED};
  r.push_back({"who_a_container_asks_for_is_asked_for", asks(endpoint_mac, endpoint_ip), s, asked});
  r.push_back({"who_a_containers_tagged_request_asks_for_is_asked_for",
               answer_but([](FrameSpec& f) {
                 f.tags = {{.tci = 100}};
                 f.eth_dst = broadcast_mac;
                 f.op = 1;
               }),
               {.vlan = 100},
               asked});
  r.push_back({"who_the_host_asks_for_is_not_asked_for", asks(parent_mac, foreign_ip), s, {}});
  r.push_back({"who_a_stranger_asks_for_is_not_asked_for", asks(stranger_mac, foreign_ip), s, {}});
  r.push_back({"who_a_container_probes_for_is_not_asked_for", asks(endpoint_mac, 0), s, {}});
  const auto host_answers = [](Ipv4 address) {
    return answer_but([address](FrameSpec& f) {
      f.eth_src = f.sender_mac = parent_mac;
      f.sender_ip = address;
    });
  };
  r.push_back({"what_the_host_answers_for_is_answered_here",
               host_answers(foreign_ip),
               s,
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"what_a_machine_behind_the_host_answers_for_is_answered_here",
               answer_but([](FrameSpec& f) {
                 f.eth_src = f.sender_mac = stranger_mac;
                 f.sender_ip = foreign_ip;
               }),
               s,
               {.heard = ARPL_HEARD_ANSWERED}});
  r.push_back({"what_the_host_claims_is_not_answered_here",
               host_answers(endpoint_ip),
               s,
               {.claimed_slot = endpoint_slot}});
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
  r.push_back({"a_malformed_reply_is_not_seen", answer_but([](FrameSpec& f) { f.hrd = 7; }), s, unseen});
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
               {.confirmed = false, .handed_ago = just_now},
               {.confirmed = true, .pair = true}});
}

}  // namespace

const std::vector<EgressRow>& egress_rows() {
  static const std::vector<EgressRow> all = [] {
    std::vector<EgressRow> r;
    for (const auto add :
         {confirming_rows, check_rows, unconfirming_rows, claim_rows, dropping_rows, hearing_rows, other_rows})
      add(r);
    return r;
  }();
  return all;
}

}  // namespace arpline::packet
