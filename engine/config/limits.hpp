// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/abi.h"

namespace arpline {

/// Frames a second; none: no limit.
using Rate = std::optional<std::uint64_t>;

inline constexpr std::uint64_t kMostPerSecond = 1'000'000'000;

/// The rate in bucket.h's words; `burst_ns` is how long it may be saved up.
arpl_budget budget_of(Rate rate, std::uint64_t burst_ns);

/// One budget of the `limits` map, by the name that the configuration and `arpline limit` use.
struct LimitSpec {
  std::string_view name;
  std::string_view what;        ///< one line for a person
  std::string_view quarter_of;  ///< without a value of its own it is a quarter of this one
  Rate normal;                  ///< the default otherwise; none: off unless asked for
  std::uint64_t burst_ns;       ///< so long may a budget be saved up
  arpl_budget arpl_limits::*budget;
  bool drops = false;  ///< in force by default, and may be "off" by name
};

/// All of them, in the order in which they are shown. docs/limits.md gives the reason for each default.
std::span<const LimitSpec> limit_specs();
/// nullptr: there is none of this name.
const LimitSpec* find_limit(std::string_view name);
/// All names, for an error message: "to_child, …".
std::string limit_names();

/// Values for some of the limits; the others have their defaults.
class Limits {
 public:
  void set(const LimitSpec& spec, Rate rate) { set_[spec.name] = rate; }
  void reset(const LimitSpec& spec) { set_.erase(spec.name); }
  /// What counts for this one.
  Rate rate(const LimitSpec& spec) const;
  bool is_set(const LimitSpec& spec) const { return set_.contains(spec.name); }
  /// Writes all budgets as bucket.h wants them; touches nothing else.
  void write(arpl_limits& limits) const;
  bool operator==(const Limits&) const = default;

 private:
  std::map<std::string_view, Rate> set_;  // by LimitSpec::name, whose text is static
};

/// A budget as it lies in the map, rounded to whole nanoseconds a frame; none: no limit.
Rate rate_of(const arpl_budget& budget);

/// "off", or a number of frames a second. "off" only where it is the default: SetupError otherwise, or when it
/// is neither.
Rate parse_rate(const LimitSpec& spec, const std::string& text);

}  // namespace arpline
