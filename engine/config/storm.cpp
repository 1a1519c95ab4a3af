// SPDX-License-Identifier: Apache-2.0
#include "config/storm.hpp"

#include <algorithm>
#include <charconv>

#include "config/entry.hpp"
#include "config/limits.hpp"
#include "shared/storm.h"

namespace arpline {
namespace {

constexpr std::size_t kMostDigits = 4;

bool is_tag(unsigned type) {
  constexpr unsigned kOldTag = 0x9100;  // 802.1ad tags of older bridges
  return type == ARPL_ETHERTYPE_8021Q || type == ARPL_ETHERTYPE_8021AD || type == kOldTag;
}

std::uint16_t ethertype_of(const ConfigEntry& entry, std::string_view name) {
  if (name == "ipv4") return ARPL_ETHERTYPE_IPV4;
  if (name == "ipv6") return ARPL_ETHERTYPE_IPV6;
  if (name == "other") return 0;
  const auto digits = name.starts_with("0x") ? name.substr(2) : "";
  unsigned type = 0;
  const auto [rest, error] = std::from_chars(digits.begin(), digits.end(), type, 16);
  if (error != std::errc{} || rest != digits.end() || digits.size() > kMostDigits ||
      type < ARPL_LEAST_ETHERTYPE) {
    entry.fail(R"(must be ipv4, ipv6, other or an ethertype, "0x0600" to "0xffff")");
  }
  if (type == ARPL_ETHERTYPE_ARP)
    entry.fail("ARP has limits of its own: limits.foreign is the one for who-has that nobody here answers");
  if (is_tag(type)) entry.fail("a VLAN tag is no ethertype to limit: name the one behind it");
  return static_cast<std::uint16_t>(type);
}

std::uint64_t per_second_of(const ConfigEntry& entry) {
  const auto value = value_of<std::int64_t>(entry, "a number of frames a second");
  if (value < 0 || static_cast<std::uint64_t>(value) > kMostPerSecond)
    entry.fail(fmt::format("must be 0 to {} frames a second", kMostPerSecond));
  return static_cast<std::uint64_t>(value);
}

}  // namespace

void add_storm_limits(arpl_storm_kind kind, const ConfigEntry& table, std::vector<StormLimit>& limits) {
  for (const auto& [key, node] : table_of(table)) {
    const ConfigEntry entry{table.file, fmt::format("{}.{}", table.key, key.str()), node};
    const StormLimit limit{
        .kind = kind, .ethertype = ethertype_of(entry, key.str()), .per_second = per_second_of(entry)};
    const bool twice = std::ranges::any_of(limits, [&](const StormLimit& other) {
      return other.kind == kind && other.ethertype == limit.ethertype;
    });
    if (twice) entry.fail("this ethertype has a limit already");
    if (limits.size() == ARPL_MAX_STORM_LIMITS)
      entry.fail(fmt::format("more than {} limits on what is not ARP", ARPL_MAX_STORM_LIMITS));
    limits.push_back(limit);
  }
}

}  // namespace arpline
