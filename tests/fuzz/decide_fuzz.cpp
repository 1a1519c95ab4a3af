// SPDX-License-Identifier: Apache-2.0
// Parser, decision and reply under libFuzzer. The first bytes of an input are the state of the tables, the rest
// is laid over a valid who-has by exclusive or, so that an input of zeroes is a frame that is answered.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "endpoints/tables.hpp"
#include "packet/frame.hpp"
#include "shared/reply.h"

namespace {

using namespace arpline;

constexpr std::uint32_t slot_index = 3;
constexpr std::uint64_t second = ARPL_SECOND_NS;

#define REQUIRE(condition)                                               \
  do {                                                                   \
    if (!(condition)) {                                                  \
      fmt::print(stderr, "{}:{}: {}\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                      \
    }                                                                    \
  } while (false)

/// The state half of an input; missing bytes are zero.
struct Choice {
  std::uint8_t
      tables;  ///< bits: no lease, no limits, no endpoint, withdrawn, no socket, no credit, raw frame, tagged
  std::uint8_t slot;  ///< bits: flags in the low five, confirmed, contested, old unanswered
  std::uint8_t unanswered;
  std::uint8_t prefix_bits;
  std::uint8_t switches;  ///< bits: observe, hidden tags, neigh_full
  std::uint8_t pair;  ///< bits: present, sampled, other fingerprint; the high bits are its age in units of 4 s
  std::uint8_t budget;  ///< to_child's burst in frames; 255: no limit
  std::uint8_t queue;
  std::uint8_t clock;  ///< in units of 16 s
};

struct World {
  __u64 lease = 0;
  arpl_limits limits{};
  OwnMacTable macs{{packet::parent_mac, {.host = 1}}, {packet::endpoint_mac, {}}, {packet::sibling_mac, {}}};
  EndpointHash endpoints;
  std::vector<arpl_slot> slots = std::vector<arpl_slot>(8);
  std::vector<arpl_pair_set> pairs = std::vector<arpl_pair_set>(ARPL_PAIR_SETS);
  std::vector<__u64> buckets = std::vector<__u64>(ARPL_BUCKETS);
  std::vector<arpl_credit> credit = std::vector<arpl_credit>(4);
  arpl_tables tables;
};

std::uint64_t ago(std::uint64_t now, std::uint64_t age) {
  return now > age ? now - age : 0;
}

void install_slot(World& w, const Choice& c, std::uint64_t now) {
  arpl_slot& slot = w.slots[slot_index];
  slot = {};
  slot.word = (c.tables & 8U) != 0 ? 0 : packet::endpoint_mac | static_cast<__u64>(c.slot & 31U) << 48U;
  slot.generation = 5;
  slot.unanswered = c.unanswered;
  slot.confirmed_at = (c.slot & 32U) != 0 ? 0 : now;
  slot.claimed_at = (c.slot & 64U) != 0 ? now + 1 : 0;  // another CPU is a moment ahead
  slot.unanswered_at = (c.slot & 128U) != 0 ? ago(now, 2 * second) : now;
}

void install(World& w, const Choice& c, std::uint64_t now, std::uint16_t vlan) {
  w.lease = (c.tables & 1U) != 0 ? now : now + second;
  w.limits = {};
  w.limits.pair_ttl_ns = 60 * second;
  w.limits.to_child = {.interval_ns = c.budget == 255 ? 0 : second, .burst_ns = c.budget * second};
  w.limits.to_child_source = w.limits.to_child;
  w.limits.to_child_trusted = {.interval_ns = second, .burst_ns = 0};
  w.limits.to_child_trusted_source = w.limits.to_child;
  w.limits.credit_window = (c.tables & 32U) != 0 ? 0 : 64;
  w.limits.flags = c.switches & 3U;
  w.limits.neigh_full_ns = (c.switches & 4U) != 0 ? now + 1 : 0;
  w.limits.egress_seen_ns = now;
  w.endpoints.clear();
  if ((c.tables & 4U) == 0)
    w.endpoints[{.address = packet::endpoint_ip, .vlan = vlan, .zero = 0}] = {
        .slot = slot_index, .prefix_bits = static_cast<__u8>(c.prefix_bits % 33U), .zero = {}};
  install_slot(w, c, now);
  w.credit.assign(w.credit.size(), {});
  arpl_tables& t = w.tables;
  t.lease = &w.lease;
  t.limits = (c.tables & 2U) != 0 ? nullptr : &w.limits;
  t.macs = &w.macs;
  t.endpoints = &w.endpoints;
  t.slots = w.slots;
  t.pairs = w.pairs;
  t.buckets = w.buckets;
  t.credit = w.credit;
  t.sockets = (c.tables & 16U) != 0 ? 0 : ~0ULL;
}

/// Confirms the frame's own pair as the state says; returns its place, to be cleared again.
__u64* install_pair(World& w, const Choice& c, const arpl_arp& arp, std::uint64_t now) {
  const __u64 hash = arpl_pair_hash(&w.tables, arp.sender_mac, arp.sender_ip, arp.target_ip, arp.vlan);
  __u64* pair = arpl_pairs_at(&w.tables, arpl_pair_set_of(hash))->words;
  if ((c.pair & 1U) != 0) return pair;
  *pair = arpl_stamp_word(arpl_pair_print(hash, 5), ago(now, (c.pair >> 3U) * 4 * second)) |
          ((c.pair & 2U) != 0 ? ARPL_PAIR_SAMPLED : 0);
  if ((c.pair & 4U) != 0) *pair ^= 1ULL << 63U;
  return pair;
}

/// The frame, in a block of exactly its size: the sanitizer sees a read behind it.
struct Exact {
  std::unique_ptr<std::uint8_t[]> data;
  std::size_t size;
};

Exact frame_of(const Choice& c, const std::uint8_t* data, std::size_t size) {
  packet::FrameSpec spec;
  if ((c.tables & 128U) != 0) spec.tags = {{.type = 0x8100, .tci = 100}};
  packet::Bytes base = packet::build(spec);
  if ((c.tables & 64U) != 0) base.assign(size, 0);
  base.resize(std::max(base.size(), size));
  for (std::size_t i = 0; i < size; ++i) base[i] ^= data[i];
  Exact out{std::make_unique<std::uint8_t[]>(base.size()), base.size()};
  std::copy(base.begin(), base.end(), out.data.get());
  return out;
}

void check_reply(const arpl_arp& arp, std::uint64_t word) {
  // A block of the size that reply.h promises to stay in.
  const auto reply = std::make_unique<std::uint8_t[]>(ARPL_WRITTEN_BYTES);
  const std::uint32_t length = arpl_write_reply(reply.get(), &arp, word);
  REQUIRE(length == (arp.vlan != 0 ? 46U : 42U));
  arpl_arp answer{};
  REQUIRE(arpl_parse(reply.get(), reply.get() + length, &answer) == ARPL_PARSED);
  REQUIRE(answer.op == ARPL_OP_REPLY);
  REQUIRE(answer.eth_src == word && answer.sender_mac == word);
  REQUIRE(answer.eth_dst == arp.sender_mac && answer.target_mac == arp.sender_mac);
  REQUIRE(answer.sender_ip == arp.target_ip && answer.target_ip == arp.sender_ip);
  REQUIRE(answer.vlan == arp.vlan);
  REQUIRE((answer.eth_dst & ARPL_MAC_MULTICAST_BIT) == 0 && answer.eth_dst != 0);
}

void check_decision(const World& w, const Choice& c, arpl_parsed parsed, const arpl_arp& arp,
                    const arpl_decision& d, std::uint64_t now) {
  REQUIRE(static_cast<std::uint32_t>(d.verdict) < ARPL_WIRE_VERDICTS);
  REQUIRE(d.slot == ARPL_NO_SLOT || d.slot == slot_index);
  REQUIRE(d.claimed_slot == ARPL_NO_SLOT || d.claimed_slot == slot_index);
  if (w.tables.limits == nullptr || now >= w.lease) REQUIRE(d.verdict == ARPL_lease_expired);
  const arpl_class cls = arpl_class_of(d.verdict);
  if (cls == ARPL_CLASS_PASS) return;
  REQUIRE(parsed == ARPL_PARSED);
  REQUIRE(arp.op == ARPL_OP_REQUEST && arp.sender_ip != arp.target_ip);
  REQUIRE(!w.macs.contains(arp.eth_src) && !w.macs.contains(arp.sender_mac));
  REQUIRE(d.slot == slot_index && arp.target_ip == packet::endpoint_ip);
  REQUIRE(d.word == packet::endpoint_mac && d.generation == 5);
  REQUIRE((c.slot & 31U) == 0 && c.unanswered < ARPL_MAX_UNANSWERED && (c.tables & 8U) == 0);
  REQUIRE(arp.eth_dst == ARPL_MAC_BROADCAST || arp.eth_dst == d.word);
  if (d.verdict == ARPL_to_child_probe || d.verdict == ARPL_to_child_new || d.verdict == ARPL_to_child_sample)
    REQUIRE(arp.eth_dst == ARPL_MAC_BROADCAST);
  if (d.verdict == ARPL_to_child_new) REQUIRE((c.switches & 4U) == 0 && c.budget != 0);
  if (cls != ARPL_CLASS_RING) return;
  REQUIRE(arp.frame_bytes <= ARPL_MAX_SERVED_FRAME_BYTES && arp.linear != 0);
  REQUIRE(arp.sender_mac == arp.eth_src && arp.sender_ip != 0);
  REQUIRE(d.claimed_slot == ARPL_NO_SLOT);
  const bool observe = (c.switches & 1U) != 0;
  REQUIRE(observe || ((c.tables & (16U | 32U)) == 0 && c.queue < w.credit.size()));
  check_reply(arp, d.word);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  Choice choice{};
  const std::size_t head = std::min(size, sizeof choice);
  std::memcpy(&choice, data, head);
  const Exact frame = frame_of(choice, data + head, size - head);
  const std::uint64_t now = choice.clock * 16 * second;

  arpl_arp arp{};
  const arpl_parsed parsed = arpl_parse(frame.data.get(), frame.data.get() + frame.size, &arp);
  if (parsed == ARPL_NOT_ARP) return 0;
  arp.frame_bytes = static_cast<__u32>(frame.size);
  arp.linear = static_cast<__u32>((choice.switches & 8U) == 0);
  install(world, choice, now, (choice.tables & 128U) != 0 ? 100 : 0);
  __u64* pair = install_pair(world, choice, arp, now);

  arpl_decision decision{};
  arpl_decide(&world.tables, parsed, &arp, choice.queue, now, &decision);
  check_decision(world, choice, parsed, arp, decision, now);

  REQUIRE(world.slots[slot_index].unanswered <= choice.unanswered + 1U);
  __be32 requester = 0;
  if (parsed == ARPL_PARSED && arpl_confirm(&world.tables, &arp, now, &requester) != 0)
    REQUIRE(arp.op == ARPL_OP_REPLY && arp.sender_mac == packet::endpoint_mac);
  *pair = 0;
  std::fill(world.buckets.begin(), world.buckets.end(), 0);
  return 0;
}
