// SPDX-License-Identifier: Apache-2.0
#include "report/storm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "shared/storm.h"

namespace arpline {
namespace {

using nlohmann::json;

std::string ethertype_name(unsigned type) {
  if (type == 0) return "other";
  if (type == ARPL_ETHERTYPE_IPV4) return "ipv4";
  if (type == ARPL_ETHERTYPE_IPV6) return "ipv6";
  return fmt::format("{:#06x}", type);
}

// "other" last: it is for what the others have left.
unsigned order_of(const arpl_storm_key& key) {
  constexpr unsigned kKindShift = 16;
  return (unsigned{key.kind} << kKindShift) + ((arpl_swap16(key.ethertype) - 1U) & 0xffffU);
}

}  // namespace

json storm_to_json(std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> limits) {
  std::ranges::sort(limits, {}, [](const auto& limit) { return order_of(limit.first); });
  json all = json::array();
  for (const auto& [key, limit] : limits) {
    all.push_back({{"kind", key.kind == ARPL_STORM_BROADCAST ? "broadcast" : "multicast"},
                   {"ethertype", ethertype_name(arpl_swap16(key.ethertype))},
                   {"per_second", limit.per_second},
                   {"passed", limit.passed},
                   {"limited", limit.limited}});
  }
  return all;
}

}  // namespace arpline
