// SPDX-License-Identifier: Apache-2.0
#include "arpgen/presets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "arpgen/range.hpp"
#include "arpgen/spec.hpp"
#include "base/error.hpp"

namespace arpline::gen {
namespace {

constexpr std::array<PresetInfo, 6> kPresets{{
    {"storm", "one requester asks for all targets, broadcast, in random order"},
    {"scan", "one requester asks for one target after the other"},
    {"spoof",
     "random requesters of the whole subnet, the targets' own addresses among them, each with a MAC of its "
     "own"},
    {"conflict", "another host uses the targets' addresses, while the requester goes on asking for them"},
    {"junk", "requests with every flaw, and broadcasts that are not ARP"},
    {"neighbour-overflow",
     "requesters one after the other, 2,048 without --from, each with a MAC of its own: every one that is "
     "answered takes an entry of the answering kernel's neighbour table, which holds 1,024 (gc_thresh3)"},
}};

constexpr std::uint32_t kHalfMask = 0xffff;
constexpr std::uint32_t kNeighbours = 2048;
// The MAC of the other host in `conflict`; locally administered.
constexpr std::string_view kRival = "02:00:00:00:ba:d1";

std::vector<std::string> conflict(const std::string& to, const std::string& from_word) {
  return {
      fmt::format("who-has to={}{} weight=6", to, from_word),
      fmt::format("probe to={} mac={}", to, kRival),
      fmt::format("claim to={} mac={}", to, kRival),
      fmt::format("reply from={} to={} mac={}", to, to, kRival),
  };
}

std::vector<std::string> junk(const std::string& to, const std::string& from_word) {
  std::vector<std::string> specs;
  for (const auto& flaw : flaws())
    specs.push_back(fmt::format("who-has to={}{} flaw={}", to, from_word, flaw.name));
  specs.emplace_back("other");
  return specs;
}

// The /16 around the first target without its first and last address.
std::string whole_subnet(const std::string& to) {
  return format_range({(parse_range(to).first & ~kHalfMask) + 1, kHalfMask - 1});
}

}  // namespace

std::span<const PresetInfo> presets() {
  return kPresets;
}

std::string invented_requesters(const std::string& to, std::uint32_t count) {
  const Range targets = parse_range(to);
  const std::uint32_t net = targets.first & ~kHalfMask;
  const std::uint32_t last_host = net + kHalfMask - 1;
  const std::uint32_t below = targets.first > net ? targets.first - net - 1 : 0;
  const std::uint32_t above = targets.last() < last_host ? last_host - targets.last() : 0;
  if (count > std::max(below, above))
    throw SetupError(
        fmt::format("{}: the targets leave no {} addresses of {}/16 for requesters; give --from RANGE", to,
                    count, format_host(net)));
  const std::uint32_t first = below > above ? targets.first - count : targets.last() + 1;
  return format_range({first, count});
}

std::vector<std::string> preset(std::string_view name, const std::string& to, const std::string& from) {
  if (std::ranges::find(kPresets, name, &PresetInfo::name) == kPresets.end())
    throw SetupError(fmt::format("preset {}: unknown; `arpgen presets` lists them", name));
  if (to.empty()) throw SetupError(fmt::format("preset {}: who is meant? Give --to RANGE", name));
  const std::string from_word = from.empty() ? "" : " from=" + from;
  if (name == "storm") return {fmt::format("who-has to={}{}", to, from_word)};
  if (name == "scan") return {fmt::format("who-has to={}{} order=sequential", to, from_word)};
  if (name == "conflict") return conflict(to, from_word);
  if (name == "junk") return junk(to, from_word);
  if (name == "spoof")
    return {fmt::format("who-has to={} from={} macs=own", to, from.empty() ? whole_subnet(to) : from)};
  return {fmt::format("who-has to={} from={} requesters=sequential macs=own", to,
                      from.empty() ? invented_requesters(to, kNeighbours) : from)};
}

}  // namespace arpline::gen
