// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "shared/abi.h"

namespace arpline {

/// Frames a second; nullopt: no limit.
using Rate = std::optional<std::uint64_t>;

inline constexpr std::uint64_t kMostPerSecond = 1'000'000'000;

/// The rate as a token bucket of bucket.h, which holds at most the tokens of `burst`.
arpl_budget budget_of(Rate rate, Duration burst);

/// One limit: its name in the configuration and in `arpline limit`, its default and its budget in the `limits`
/// map.
struct LimitSpec {
  std::string_view name;
  std::string_view what;        ///< one line of description
  std::string_view quarter_of;  ///< while it is not set it is a quarter of this limit
  Rate normal;                  ///< the default where quarter_of is empty; nullopt: off
  Duration burst;               ///< the bucket holds the tokens of this time
  arpl_budget arpl_limits::*budget;
  bool drops = false;  ///< on by default, and may be set to "off"
};

/// All limits in the order in which they are shown. docs/limits.md gives the reason for each default.
std::span<const LimitSpec> limit_specs();
/// nullptr when no limit has this name.
const LimitSpec* find_limit(std::string_view name);
/// All names, for an error message: "to_child, …".
std::string limit_names();

/// The limits that are set; the others have their defaults.
class Limits {
 public:
  void set(const LimitSpec& spec, Rate rate) { set_[spec.name] = rate; }
  void reset(const LimitSpec& spec) { set_.erase(spec.name); }
  /// The rate in force: the one that is set, or the default.
  Rate rate(const LimitSpec& spec) const;
  bool is_set(const LimitSpec& spec) const { return set_.contains(spec.name); }
  /// Writes all budgets and no other field.
  void write(arpl_limits& limits) const;
  bool operator==(const Limits&) const = default;

 private:
  std::map<std::string_view, Rate> set_;  // by LimitSpec::name, which is a literal
};

/// The rate of a budget in the map, which is rounded to whole nanoseconds a frame; nullopt: no limit.
Rate rate_of(const arpl_budget& budget);

/// Parses a number of frames a second, or "off" where the limit allows it; throws SetupError otherwise.
Rate parse_rate(const LimitSpec& spec, const std::string& text);

}  // namespace arpline
