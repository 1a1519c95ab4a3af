// SPDX-License-Identifier: Apache-2.0
#include "packet/cpp_runner.hpp"

#include <algorithm>

#include "shared/hot.h"
#include "shared/reply.h"

namespace arpline::packet {
namespace {

std::vector<Growth> growth_of(const arpl_verdict_counts& before, const arpl_verdict_counts& after) {
  std::vector<Growth> grown;
  const auto* was = reinterpret_cast<const __u64*>(&before);
  const auto* is = reinterpret_cast<const __u64*>(&after);
  for (std::uint32_t i = 0; i < ARPL_VERDICT_COUNTERS; ++i)
    if (is[i] != was[i]) grown.push_back({.counter = i, .by = is[i] - was[i]});
  return grown;
}

// Carries out the decision as the program does, and records it in `out`.
void carry_out(arpl_class action, const arpl_arp& arp, const arpl_decision& decision, std::uint64_t now,
               Outcome& out) {
  auto* bytes = out.frame.data();
  switch (action) {
    case ARPL_CLASS_RING:
      out.output = Output::ring;
      out.ring_meta = {.slot = decision.slot, .generation = decision.generation, .time_ns = now};
      return;
    case ARPL_CLASS_REFLECT:
      out.output = Output::reflected;
      std::fill(out.frame.begin() + arpl_write_reply(bytes, &arp, decision.word), out.frame.end(), 0);
      return;
    case ARPL_CLASS_TO_CHILD:
      out.output = Output::to_child;
      arpl_write_to_child(bytes, arp.arp_offset, decision.word,
                          decision.verdict == ARPL_to_child_check ? 1 : 0);
      return;
    default:
      out.output = action == ARPL_CLASS_DROP ? Output::dropped : Output::unchanged;
  }
}

}  // namespace

void CppRunner::fill(const Contents& contents) {
  auto& t = tables();
  memory_->lease = contents.lease;
  memory_->limits = contents.limits;
  memory_->macs = {contents.macs.begin(), contents.macs.end()};
  memory_->endpoints = {contents.endpoints.begin(), contents.endpoints.end()};
  for (const auto& [index, slot] : contents.slots) t.slots[index] = slot;
  for (const auto& [index, stats] : contents.stats) t.stats[index] = stats;
  for (const std::uint32_t set : indexed_) memory_->index_sets()[set] = {};
  indexed_.clear();
  for (const auto& [number, set] : contents.index) {
    memory_->index_sets()[number] = set;
    indexed_.push_back(number);
  }
  std::ranges::fill(t.filter, 0);
  for (const std::uint32_t bit : contents.filter) t.filter[bit / 64] |= 1ULL << bit % 64;
  std::ranges::fill(t.heard, 0);
  for (const auto& [place, word] : contents.heard) t.heard[place] = word;
  for (const std::uint32_t index : touched_) t.pairs[index] = {};
  touched_.clear();
  for (const auto& [index, set] : contents.pairs) {
    t.pairs[index] = set;
    touched_.push_back(index);
  }
  std::ranges::fill(t.buckets, 0);
  for (const auto& [index, word] : contents.buckets) t.buckets[index] = word;
  std::ranges::fill(t.credit, arpl_credit{});
  t.credit[contents.queue] = contents.credit;
  t.sockets = contents.socket ? 1ULL << contents.queue : 0;
  take_events();
}

std::vector<arpl_event> CppRunner::take_events() {
  std::vector<arpl_event> taken;
  for (arpl_event event{}; memory_->events.pop(event);) taken.push_back(event);
  return taken;
}

arpl_sender CppRunner::sender(Mac mac) const {
  const auto found = memory_->macs.find(mac);
  return found == memory_->macs.end() ? arpl_sender{} : found->second;
}

// As the ingress program does it.
arpl_class CppRunner::handle(const arpl_arp& parsed_arp, arpl_parsed parsed,
                             std::span<const std::uint8_t> frame, std::uint32_t queue,
                             arpl_decision& decision) {
  arpl_arp arp{};
  const auto* limits = arpl_hot_limits(&tables());
  was_hot_ = may_be_hot_ && limits != nullptr && frame.size() == ARPL_HOT_BYTES &&
             arpl_hot_parse(frame.data(), ARPL_HOT_BYTES, &arp) != 0 &&
             arpl_hot_handle(&tables(), limits, &arp, now_, &decision) != 0;
  if (was_hot_) return ARPL_CLASS_REFLECT;
  return arpl_handle_received(&tables(), nullptr, parsed, &parsed_arp, ARPL_LOOK_UP, queue, now_, &decision);
}

Outcome CppRunner::run(std::span<const std::uint8_t> frame, std::uint32_t queue) {
  Outcome out;
  was_hot_ = false;
  out.frame.assign(frame.begin(), frame.end());
  arpl_arp arp{};
  const arpl_parsed parsed = arpl_parse(frame.data(), frame.data() + frame.size(), &arp);
  if (parsed == ARPL_NOT_ARP) return out;
  arp.frame_bytes = static_cast<__u32>(frame.size());
  arp.linear = 1;
  const auto sent = [&] { return queue < tables().credit.size() ? tables().credit[queue].sent : 0; };
  const auto sent_before = sent();
  const auto counts_before = memory_->verdicts;
  const std::uint64_t claims_before[2] = {claims(endpoint_slot), claims(sibling_slot)};
  arpl_decision decision{};
  const auto action = handle(arp, parsed, frame, queue, decision);
  carry_out(action, arp, decision, now_, out);
  out.grown = growth_of(counts_before, memory_->verdicts);
  if (claims(endpoint_slot) != claims_before[0]) out.claimed_slot = endpoint_slot;
  if (claims(sibling_slot) != claims_before[1]) out.claimed_slot = sibling_slot;
  out.credit_taken = sent() - sent_before;
  out.events = take_events();
  return out;
}

EgressOutcome CppRunner::run_egress(std::span<const std::uint8_t> frame) {
  EgressOutcome out;
  for (const std::uint32_t index : pairs_touched_by(frame)) touched_.push_back(index);
  out.frame.assign(frame.begin(), frame.end());
  arpl_arp arp{};
  if (arpl_parse(frame.data(), frame.data() + frame.size(), &arp) != ARPL_PARSED) return out;
  const std::uint64_t claims_before[2] = {claims(endpoint_slot), claims(sibling_slot)};
  const auto claimed_at_before = slot(endpoint_slot).claimed_at;
  memory_->egress = {};
  __be32 requester = 0;
  out.dropped = arpl_handle_sent(&tables(), &arp, now_, &requester) == ARPL_SENT_DROPPED;
  if (requester != 0) arpl_put32(out.frame.data() + arp.arp_offset + ARPL_TARGET_IP_OFFSET, requester);
  out.grown = memory_->egress;
  if (claims(endpoint_slot) != claims_before[0]) out.claimed_slot = endpoint_slot;
  if (claims(sibling_slot) != claims_before[1]) out.claimed_slot = sibling_slot;
  out.contested = slot(endpoint_slot).claimed_at != claimed_at_before;
  const auto heard = [&](arpl_heard kind, Ipv4 address) {
    return is_heard(tables().heard[heard_index(kind, address, arp.vlan)], kind, address, arp.vlan);
  };
  out.asked = heard(ARPL_HEARD_ASKED, arp.target_ip);
  out.answered = heard(ARPL_HEARD_ANSWERED, arp.sender_ip);
  out.station = is_station(tables().heard, arp.target_mac, now_);
  out.events = take_events();
  return out;
}

}  // namespace arpline::packet
