// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/replay_host.hpp"

#include <algorithm>
#include <cstring>

#include "arpline/replay/published.hpp"
#include "base/filter.hpp"
#include "shared/egress.h"

namespace arpline::replay {
namespace {

// In the maps 0 is never, and a capture may begin at 0.
constexpr std::uint64_t kClockAheadNs = ARPL_SECOND_NS;
// The longest that libpcap hands out.
constexpr std::size_t kLongestFrame = 262'144;

// Of any value, but always the same: a replay of the same capture ends the same.
arpl_hash_keys fixed_keys() {
  arpl_hash_keys keys{};
  arpl_derive_keys(0x6172706c696e6520U, 0x7265706c61790a00U, &keys);
  return keys;
}

const std::uint8_t* bytes_of(const Captured& captured) {
  return reinterpret_cast<const std::uint8_t*>(captured.bytes.data());
}

// The frame ends within its addresses because the capture does.
bool is_cut(const Captured& captured, arpl_parsed parsed, const arpl_arp& arp) {
  return parsed == ARPL_PARSED_MALFORMED && captured.bytes.size() < captured.wire_bytes &&
         captured.bytes.size() < arp.arp_offset + ARPL_ARP_BYTES;
}

bool reaches_the_child(arpl_verdict verdict) {
  return arpl_class_of(verdict) == ARPL_CLASS_TO_CHILD || verdict == ARPL_unicast_new ||
         verdict == ARPL_unicast_sample;
}

}  // namespace

ReplayHost::ReplayHost(const Network& network, Ways ways)
    : owners_(network.own_macs),
      limits_(network.limits),
      slots_(ARPL_MAX_ENDPOINTS),
      stats_(ARPL_MAX_ENDPOINTS),
      index_(ARPL_INDEX_BUCKETS),
      pairs_(ARPL_PAIR_SETS),
      heard_(ARPL_HEARD_ENTRIES),
      buckets_(ARPL_BUCKETS),
      credit_(1),
      bytes_(kLongestFrame + kFrameRoomBytes),
      front_(front_tables_),
      ways_(ways) {
  tables_.keys = fixed_keys();
  std::vector<std::uint64_t> bits(ARPL_FILTER_WORDS);
  const Index index{index_, bits, tables_.keys.factor};
  for (const auto& [key, value] : publish(network.endpoints, slots_, stats_, index))
    endpoints_.emplace(key, value);
  Filter filter{bits};
  for (const auto& [mac, owner] : owners_) {
    macs_.emplace(mac, arpl_sender{.host = static_cast<__u16>(owner == Whose::container ? 0 : 1)});
    filter.add(arpl_mac_bit(tables_.keys.factor, mac));
  }
  filter_.assign(bits.begin(), bits.end());
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
  tables_.credit = credit_;
  tables_.sockets = network.ring ? 1 : 0;
}

const Seen& ReplayHost::see(const Captured& captured) noexcept {
  advance(captured.time_ns);
  seen_.answer = {};
  auto& [parsed, arp, decision] = seen_.view;
  const auto* bytes = bytes_of(captured);
  parsed = arpl_parse(bytes, bytes + captured.bytes.size(), &arp);
  if (parsed == ARPL_NOT_ARP) {
    seen_.kind = Kind::not_arp;
    ++sums_.not_arp;
  } else if (is_cut(captured, parsed, arp)) {
    seen_.kind = Kind::cut;
    ++sums_.cut;
  } else if (!ways_.inbound && arpl_sender_find(&tables_, arpl_load_mac(bytes + 6)) != nullptr) {
    seen_.kind = Kind::sent;
    seen_.sent = Sent::heard;
    if (parsed == ARPL_PARSED) send(arp);
  } else {
    seen_.kind = Kind::received;
    receive(captured);
  }
  return seen_;
}

// A clock that was set back must not make what is old young again.
void ReplayHost::advance(std::uint64_t time_ns) noexcept {
  if (sums_.frames++ == 0) sums_.first_ns = sums_.last_ns = time_ns;
  if (time_ns < sums_.last_ns) ++sums_.back_in_time;
  sums_.last_ns = std::max(sums_.last_ns, time_ns);
  seen_.time_ns = sums_.last_ns;
  now_ = sums_.last_ns + kClockAheadNs;
}

void ReplayHost::receive(const Captured& captured) noexcept {
  const auto held = std::min(captured.bytes.size(), kLongestFrame);
  const auto length = std::min<std::size_t>(captured.wire_bytes, kLongestFrame);
  std::memcpy(bytes_.data(), captured.bytes.data(), held);
  std::memset(bytes_.data() + held, 0, length - held);
  Frame frame{.data = bytes_.data(), .len = static_cast<std::uint32_t>(length), .queue = 0, .token = 0};
  const auto outcome = front_.classify(frame, now_, seen_.view);
  const auto verdict = seen_.view.decision.verdict;
  const auto way = arpl_class_of(verdict);
  const bool would = (limits_.flags & ARPL_LIMIT_OBSERVE) != 0 && way != ARPL_CLASS_PASS;
  seen_.counter = would ? arpl_would_index(verdict) : static_cast<std::uint32_t>(verdict);
  if (outcome == Outcome::answer) {
    seen_.answer = {frame.data, frame.len};
    if (way == ARPL_CLASS_RING) ++sums_.engine.answered;
  }
  if (ways_.confirmed && reaches_the_child(verdict)) confirm_handed_over();
}

// What bpf/egress.bpf.c makes of it.
void ReplayHost::send(const arpl_arp& arp) noexcept {
  auto& counts = sums_.egress;
  ++counts.seen;
  if (arp.op == ARPL_SELF_TEST_OP && arp.eth_src == arp.eth_dst) {
    ++counts.self_tests;
    return;
  }
  __be32 requester = 0;
  if (arpl_confirm(&tables_, &arp, now_, &requester) != 0) {
    ++counts.confirmed;
    seen_.sent = Sent::confirms;
    return;
  }
  const auto claimed = arpl_claimed_slot(&tables_, &arp);
  if (claimed == ARPL_NO_SLOT) {
    const bool container = owners_.find(arp.eth_src)->second == Whose::container;
    arpl_hear_sent(&tables_, &arp, 1, static_cast<int>(container), now_);
    return;
  }
  const auto policy = arpl_judge_claim(&tables_, claimed, &arp, now_);
  ++counts.claims;
  counts.would_drop_claims += policy == ARPL_CLAIM_WOULD_DROP ? 1 : 0;
  counts.claims_dropped += policy == ARPL_CLAIM_DROP ? 1 : 0;
  seen_.sent = policy == ARPL_CLAIM_DROP ? Sent::dropped : Sent::claims;
  // One that the wire does not hear is only counted.
  arpl_slot unheard{};
  arpl_note_claim(policy == ARPL_CLAIM_DROP ? &unheard : &slots_[claimed], &stats_[claimed], arp.sender_mac,
                  now_);
}

// The reply that the kernel would give (RFC 826), as egress would see it.
void ReplayHost::confirm_handed_over() noexcept {
  const auto& arp = seen_.view.arp;
  arpl_arp reply{};
  reply.op = ARPL_OP_REPLY;
  reply.vlan = arp.vlan;
  reply.eth_src = reply.sender_mac = seen_.view.decision.word & ARPL_MAC_MASK;
  reply.eth_dst = reply.target_mac = arp.sender_mac;
  reply.sender_ip = arp.target_ip;
  reply.target_ip = arp.sender_ip;
  __be32 requester = 0;
  if (arpl_confirm(&tables_, &reply, now_, &requester) != 0) ++sums_.assumed;
}

ParentStatus ReplayHost::status() const {
  ParentStatus status;
  status.mode = (limits_.flags & ARPL_LIMIT_OBSERVE) != 0 ? "observe" : "answer";
  status.fast_path = (limits_.flags & ARPL_LIMIT_FAST_PATH) != 0 ? "on" : "off";
  const auto* verdicts = reinterpret_cast<const __u64*>(&front_tables_.counts);
  status.verdicts = wire_counts(std::vector<std::uint64_t>(verdicts, verdicts + ARPL_VERDICT_COUNTERS));
  const auto* engine = reinterpret_cast<const __u64*>(&sums_.engine);
  status.engine_verdicts = engine_counts(std::vector<std::uint64_t>(engine, engine + ARPL_ENGINE_VERDICTS));
  status.egress_counters = counters_of(sums_.egress);
  for (const auto& [key, value] : endpoints_) {
    status.endpoints.push_back(endpoint_status(key, value, slots_[value.slot], stats_[value.slot], now_));
  }
  sort_by_address(status.endpoints);
  return status;
}

}  // namespace arpline::replay
