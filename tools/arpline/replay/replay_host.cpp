// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/replay_host.hpp"

#include <algorithm>
#include <cstring>

#include "base/filter.hpp"

namespace arpline::replay {
namespace {

// A time of 0 means "never" in the maps, and a capture may begin at 0.
constexpr std::uint64_t kClockAheadNs = ARPL_SECOND_NS;
// The longest frame that libpcap returns.
constexpr std::size_t kLongestFrame = 262'144;

// Fixed keys, so that each replay of a capture has the same result.
arpl_hash_keys fixed_keys() {
  arpl_hash_keys keys{};
  arpl_derive_keys(0x6172706c696e6520U, 0x7265706c61790a00U, &keys);
  return keys;
}

const std::uint8_t* bytes_of(const Captured& captured) {
  return reinterpret_cast<const std::uint8_t*>(captured.bytes.data());
}

// Malformed only because the capture cut the frame short.
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
    : tables_(fixed_keys()), bytes_(kLongestFrame + kFrameRoomBytes), ways_(ways) {
  auto& tables = tables_.tables();
  tables_.lease = ~__u64{0};
  tables_.limits = network.limits;
  Table{tables.slots, tables.stats, tables_.index(), tables_}.reconcile(network.endpoints);
  Filter filter{tables_.filter_words()};
  for (const auto& [mac, owner] : network.own_macs) {
    tables_.macs.emplace(mac, arpl_sender{.host = static_cast<__u16>(owner == Whose::container ? 0 : 1)});
    filter.add(arpl_mac_bit(tables.keys.factor, mac));
  }
  tables.sockets = network.ring ? 1 : 0;
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
  } else if (!ways_.inbound && arpl_sender_find(&tables_.tables(), arpl_load_mac(bytes + 6)) != nullptr) {
    seen_.kind = Kind::sent;
    __be32 requester = 0;
    seen_.sent =
        parsed == ARPL_PARSED ? arpl_handle_sent(&tables_.tables(), &arp, now_, &requester) : ARPL_SENT_HEARD;
  } else {
    seen_.kind = Kind::received;
    receive(captured);
  }
  return seen_;
}

// The clock never goes back: with a jump back in the capture, old state would become young again.
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
  const auto outcome = ingress_.classify(frame, instant_from_raw(now_), seen_.view);
  const auto verdict = seen_.view.decision.verdict;
  seen_.counter = arpl_observed(&tables_.limits, verdict) != 0 ? arpl_would_index(verdict)
                                                               : static_cast<std::uint32_t>(verdict);
  if (outcome == Outcome::answer) {
    seen_.answer = {frame.data, frame.len};
    if (arpl_class_of(verdict) == ARPL_CLASS_RING) ++sums_.engine.answered;
  }
  if (ways_.confirmed && reaches_the_child(verdict)) confirm_handed_over();
}

// The reply that the kernel would send (RFC 826), passed through egress.
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
  if (arpl_confirm(&tables_.tables(), &reply, now_, &requester) != 0) ++sums_.assumed;
}

ParentStatus ReplayHost::status() const {
  ParentStatus status;
  status.mode = (tables_.limits.flags & ARPL_LIMIT_OBSERVE) != 0 ? "observe" : "answer";
  status.fast_path = (tables_.limits.flags & ARPL_LIMIT_FAST_PATH) != 0 ? "on" : "off";
  const auto* verdicts = reinterpret_cast<const __u64*>(&tables_.verdicts);
  status.verdicts = wire_counts(std::vector<std::uint64_t>(verdicts, verdicts + ARPL_VERDICT_COUNTERS));
  const auto* engine = reinterpret_cast<const __u64*>(&sums_.engine);
  status.engine_verdicts = engine_counts(std::vector<std::uint64_t>(engine, engine + ARPL_ENGINE_VERDICTS));
  status.egress_counters = counters_of(tables_.egress);
  const auto& tables = tables_.tables();
  for (const auto& [key, value] : tables_.endpoints) {
    status.endpoints.push_back(endpoint_status(key, value, tables.slots[value.slot], tables.stats[value.slot],
                                               instant_from_raw(now_)));
  }
  sort_by_address(status.endpoints);
  return status;
}

}  // namespace arpline::replay
