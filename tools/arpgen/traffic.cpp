// SPDX-License-Identifier: Apache-2.0
#include "arpgen/traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "arpgen/bpf/length.h"
#include "arpgen/spec.hpp"
#include "base/error.hpp"

namespace arpline::gen {
namespace {

// Flows of a stream that has too many pairs for a flow each: enough for the open requests, few enough for the
// cache.
constexpr std::uint32_t kHashedFlows = 1U << 18;
// 02:00 (locally administered); the last four bytes are the requester's IP.
constexpr Mac kOwnMacs = 0x0002;

[[noreturn]] void refuse(const Spec& spec, std::string_view why) {
  throw SetupError(fmt::format("traffic \"{}\": {}", spec.text, why));
}

Mac requester_mac(const Spec& spec, const Identity& identity) {
  if (spec.own_macs) return spec.mac ? *spec.mac & 0xffffU : kOwnMacs;
  if (!spec.mac && identity.mac == 0) refuse(spec, "whose MAC? Give mac=MAC or an interface");
  return spec.mac.value_or(identity.mac);
}

Range requesters(const Spec& spec, const Identity& identity) {
  if (spec.kind == ARPGEN_PROBE) return {0, 1};
  if (spec.from) return *spec.from;
  if (identity.address == 0 && (info_of(spec.kind).has_requesters || spec.own_macs))
    refuse(spec, "from whom? Give from=RANGE, or an interface with an IPv4 address");
  return {identity.address, 1};
}

arpgen_stream make_stream(const Spec& spec, const Identity& identity) {
  const Range from = requesters(spec, identity);
  const Range to = spec.to.value_or(Range{});
  if (to.count > ARPGEN_MAX_TARGETS)
    refuse(spec, fmt::format("{} targets; there may be {} (ARPGEN_MAX_TARGETS)", to.count, ARPGEN_MAX_TARGETS));
  arpgen_stream stream{};
  stream.requester_mac = requester_mac(spec, identity);
  stream.kind = spec.kind;
  stream.flaw = spec.flaw;
  stream.target_first = to.first;
  stream.target_count = to.count;
  stream.target_order = spec.order;
  stream.requester_first = from.first;
  stream.requester_count = from.count;
  stream.requester_order = spec.requesters;
  stream.vlan = spec.vlan;
  stream.macs_of_their_own = spec.own_macs;
  stream.unicast = spec.unicast;
  return stream;
}

void share_out(std::span<const Spec> specs, std::span<arpgen_stream> streams) {
  std::uint64_t all = 0;
  for (const Spec& spec : specs) all += spec.weight;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    sum += specs[i].weight;
    streams[i].share = static_cast<std::uint32_t>((sum << 32) / all - 1);
  }
}

void place_targets(std::span<const Spec> specs, std::span<arpgen_stream> streams) {
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!specs[i].answered()) continue;
    streams[i].first_target = next;
    next += streams[i].target_count;
    if (next > ARPGEN_MAX_TARGETS)
      refuse(specs[i], fmt::format("with it there are {} targets in all; there may be {} (ARPGEN_MAX_TARGETS)",
                                   next, ARPGEN_MAX_TARGETS));
  }
}

std::uint64_t pairs(const arpgen_stream& stream) {
  return std::uint64_t{stream.requester_count} * stream.target_count;
}

// The smallest streams first, so that the larger ones share the room that these leave.
void place_flows(std::span<const Spec> specs, std::span<arpgen_stream> streams) {
  std::vector<arpgen_stream*> answered;
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].answered()) answered.push_back(&streams[i]);
  std::ranges::sort(answered, {}, [](const arpgen_stream* stream) { return pairs(*stream); });
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < answered.size(); ++i) {
    arpgen_stream& stream = *answered[i];
    const auto most = (ARPGEN_MAX_FLOWS - next) / static_cast<std::uint32_t>(answered.size() - i);
    stream.flows_hashed = pairs(stream) > most;
    stream.flow_count = stream.flows_hashed != 0 ? std::min(kHashedFlows, std::bit_floor(most))
                                                 : static_cast<std::uint32_t>(pairs(stream));
    stream.first_flow = next;
    next += stream.flow_count;
  }
}

bool same_pairs(const arpgen_stream& a, const arpgen_stream& b) {
  const auto overlap = [](std::uint32_t first, std::uint32_t count, std::uint32_t other_first,
                          std::uint32_t other_count) {
    return Range{first, count}.overlaps({other_first, other_count});
  };
  return a.vlan == b.vlan && overlap(a.target_first, a.target_count, b.target_first, b.target_count) &&
         overlap(a.requester_first, a.requester_count, b.requester_first, b.requester_count);
}

// An answer identifies its request by requester, target and VLAN tag only.
void refuse_confusion(std::span<const Spec> specs, std::span<const arpgen_stream> streams) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool metered = specs[i].answered() || specs[j].answered();
      if (metered && specs[i].may_be_answered() && specs[j].may_be_answered() &&
          same_pairs(streams[i], streams[j]))
        refuse(specs[i],
               fmt::format("a requester asks a target that it also asks in \"{}\", and their answers could "
                           "not be told apart; give one of them another from= or to=",
                           specs[j].text));
    }
  }
}

// Slot u holds the target at which the cumulative probability reaches (u + 0.5) / slots.
void fill_quantiles(std::span<std::uint32_t> slots, std::uint32_t targets, double exponent) {
  std::vector<double> cumulative(targets);
  double sum = 0;
  for (std::uint32_t k = 0; k < targets; ++k) cumulative[k] = sum += std::pow(k + 1.0, -exponent);
  std::uint32_t k = 0;
  for (std::size_t u = 0; u < slots.size(); ++u) {
    const double share = (static_cast<double>(u) + 0.5) / static_cast<double>(slots.size()) * sum;
    while (k + 1 < targets && cumulative[k] < share) ++k;
    slots[u] = k;
  }
}

std::vector<std::uint32_t> quantiles(std::span<const Spec> specs) {
  std::vector<std::uint32_t> all;
  if (std::ranges::count(specs, ARPGEN_ZIPF, &Spec::order) == 0) return all;
  all.resize(specs.size() * ARPGEN_ZIPF_SLOTS);
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].order == ARPGEN_ZIPF)
      fill_quantiles(std::span{all}.subspan(i * ARPGEN_ZIPF_SLOTS, ARPGEN_ZIPF_SLOTS), specs[i].to->count,
                     specs[i].exponent);
  return all;
}

}  // namespace

Plan make_plan(const std::vector<std::string>& texts, const Identity& identity, std::uint64_t seed) {
  if (texts.empty()) throw SetupError("no traffic: give --preset or --traffic");
  if (texts.size() > ARPGEN_MAX_STREAMS)
    throw SetupError(fmt::format("{} streams of traffic; there may be {} (ARPGEN_MAX_STREAMS)", texts.size(),
                                 ARPGEN_MAX_STREAMS));
  std::vector<Spec> specs;
  specs.reserve(texts.size());
  for (const auto& text : texts) specs.push_back(parse_spec(text));
  Plan made{.names = texts};
  made.plan.seed = seed;
  made.plan.stream_count = static_cast<std::uint32_t>(specs.size());
  const std::span streams{made.plan.streams, specs.size()};
  for (std::size_t i = 0; i < specs.size(); ++i) {
    streams[i] = make_stream(specs[i], identity);
    made.plan.frame_bytes = std::max(made.plan.frame_bytes, arpgen_bytes_of(&streams[i]));
  }
  made.zipf = quantiles(specs);
  share_out(specs, streams);
  place_targets(specs, streams);
  place_flows(specs, streams);
  refuse_confusion(specs, streams);
  return made;
}

}  // namespace arpline::gen
