// SPDX-License-Identifier: Apache-2.0
#include "packet/cpp_runner.hpp"

#include "shared/egress.h"
#include "shared/reply.h"

namespace arpline::packet {

CppRunner::CppRunner(std::uint64_t now)
    : now_(now),
      slots_(ARPL_MAX_ENDPOINTS),
      stats_(ARPL_MAX_ENDPOINTS),
      index_(ARPL_INDEX_BUCKETS),
      filter_(ARPL_FILTER_WORDS),
      pairs_(ARPL_PAIR_SETS),
      heard_(ARPL_HEARD_ENTRIES),
      buckets_(ARPL_BUCKETS),
      credit_(ARPL_MAX_QUEUES) {
  tables_.lease = &lease_;
  tables_.limits = &limits_;
  tables_.macs = &macs_;
  tables_.endpoints = &endpoints_;
  tables_.slots = slots_;
  tables_.stats = stats_;
  tables_.index = index_;
  tables_.filter = filter_;
  tables_.pairs = pairs_;
  tables_.heard = heard_;
  tables_.buckets = buckets_;
  tables_.keys = hash_keys;
  tables_.credit = credit_;
}

void CppRunner::fill(const Contents& contents) {
  lease_ = contents.lease;
  limits_ = contents.limits;
  macs_ = {contents.macs.begin(), contents.macs.end()};
  endpoints_.clear();
  for (const auto& [key, value] : contents.endpoints) endpoints_.emplace(key, value);
  for (const auto& [index, slot] : contents.slots) slots_.at(index) = slot;
  for (const auto& [index, stats] : contents.stats) stats_.at(index) = stats;
  for (const std::uint32_t bucket : indexed_) index_.at(bucket) = {};
  indexed_.clear();
  for (const auto& [number, bucket] : contents.index) {
    index_.at(number) = bucket;
    indexed_.push_back(number);
  }
  std::fill(filter_.begin(), filter_.end(), 0);
  for (const std::uint32_t bit : contents.filter) filter_.at(bit / 64) |= 1ULL << bit % 64;
  std::fill(heard_.begin(), heard_.end(), 0);
  for (const auto& [place, word] : contents.heard) heard_.at(place) = word;
  for (const std::uint32_t index : touched_) pairs_.at(index) = {};
  touched_.clear();
  for (const auto& [index, set] : contents.pairs) {
    pairs_.at(index) = set;
    touched_.push_back(index);
  }
  std::fill(buckets_.begin(), buckets_.end(), 0);
  for (const auto& [index, word] : contents.buckets) buckets_.at(index) = word;
  std::fill(credit_.begin(), credit_.end(), arpl_credit{});
  credit_.at(contents.queue) = contents.credit;
  tables_.sockets = contents.socket ? 1ULL << contents.queue : 0;
}

Outcome CppRunner::run(std::span<const std::uint8_t> frame, std::uint32_t queue) {
  Outcome out;
  out.frame.assign(frame.begin(), frame.end());
  arpl_arp arp{};
  const arpl_parsed parsed = arpl_parse(frame.data(), frame.data() + frame.size(), &arp);
  if (parsed == ARPL_NOT_ARP) return out;
  arp.frame_bytes = static_cast<__u32>(frame.size());
  arp.linear = 1;
  const std::uint64_t sent = queue < credit_.size() ? credit_[queue].sent : 0;
  arpl_decision decision{};
  arpl_decide(&tables_, parsed, &arp, queue, now_, &decision);
  out.credit_taken = queue < credit_.size() ? credit_[queue].sent - sent : 0;

  const arpl_class cls = arpl_class_of(decision.verdict);
  const bool observe = (limits_.flags & ARPL_LIMIT_OBSERVE) != 0 && cls != ARPL_CLASS_PASS;
  out.grown = {{.counter = counter_of(decision.verdict, observe), .by = 1}};
  out.claimed_slot = decision.claimed_slot;
  if (decision.claimed_slot != ARPL_NO_SLOT)
    arpl_note_claim(&slots_.at(decision.claimed_slot), &stats_.at(decision.claimed_slot), arp.sender_mac, now_);
  if (observe || cls == ARPL_CLASS_PASS) return out;
  if (cls == ARPL_CLASS_RING) {
    out.output = Output::ring;
    out.ring_meta = {.slot = decision.slot, .generation = decision.generation, .time_ns = now_};
    return out;
  }
  if (cls == ARPL_CLASS_REFLECT) {
    out.output = Output::reflected;
    const auto written = arpl_write_reply(out.frame.data(), &arp, decision.word);
    std::fill(out.frame.begin() + written, out.frame.end(), 0);
    return out;
  }
  if (cls == ARPL_CLASS_DROP) {
    out.output = Output::dropped;
    return out;
  }
  out.output = Output::to_child;
  arpl_write_to_child(out.frame.data(), arp.arp_offset, decision.word,
                      decision.verdict == ARPL_to_child_check ? 1 : 0);
  return out;
}

EgressOutcome CppRunner::run_egress(std::span<const std::uint8_t> frame) {
  EgressOutcome out;
  for (const std::uint32_t index : pairs_touched_by(frame)) touched_.push_back(index);
  out.frame.assign(frame.begin(), frame.end());
  arpl_arp arp{};
  if (arpl_parse(frame.data(), frame.data() + frame.size(), &arp) != ARPL_PARSED) return out;
  out.grown.seen = 1;
  __be32 requester = 0;
  if (arp.op == ARPL_SELF_TEST_OP && arp.eth_src == arp.eth_dst) {
    out.grown.self_tests = 1;
  } else if (arpl_confirm(&tables_, &arp, now_, &requester) != 0) {
    out.grown.confirmed = 1;
    if (requester != 0) arpl_put32(out.frame.data() + arp.arp_offset + ARPL_TARGET_IP_OFFSET, requester);
  } else if ((out.claimed_slot = arpl_claimed_slot(&tables_, &arp)) != ARPL_NO_SLOT) {
    claim(arp, out);
  } else {
    const auto* sender = arpl_sender_find(&tables_, arp.eth_src);
    arpl_hear_sent(&tables_, &arp, sender != nullptr, sender != nullptr && sender->host == 0, now_);
  }
  const auto heard = [&](arpl_heard kind, Ipv4 address) {
    return is_heard(heard_.at(heard_index(kind, address, arp.vlan)), kind, address, arp.vlan);
  };
  out.asked = heard(ARPL_HEARD_ASKED, arp.target_ip);
  out.answered = heard(ARPL_HEARD_ANSWERED, arp.sender_ip);
  out.station = is_station(heard_, arp.target_mac, now_);
  return out;
}

void CppRunner::claim(const arpl_arp& arp, EgressOutcome& out) {
  const auto policy = arpl_judge_claim(&tables_, out.claimed_slot, &arp, now_);
  out.grown.claims = 1;
  out.grown.claims_dropped = policy == ARPL_CLAIM_DROP ? 1 : 0;
  out.grown.would_drop_claims = policy == ARPL_CLAIM_WOULD_DROP ? 1 : 0;
  out.dropped = policy == ARPL_CLAIM_DROP;
  if (out.dropped) return;
  arpl_note_claim(&slots_.at(out.claimed_slot), &stats_.at(out.claimed_slot), arp.sender_mac, now_);
  out.contested = slots_.at(out.claimed_slot).claimed_at == now_;
}

}  // namespace arpline::packet
