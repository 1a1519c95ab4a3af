// SPDX-License-Identifier: Apache-2.0
#include "config/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.hpp"

namespace arpline {
namespace {

constexpr std::uint64_t kQuarter = 4;

constexpr std::array<LimitSpec, 14> kSpecs{{
    {"to_child", "who-has of new requesters, to the children", "", 100, 5s, &arpl_limits::to_child},
    {"to_child_source",
     "one source MAC's share of to_child",
     "to_child",
     {},
     5s,
     &arpl_limits::to_child_source},
    {"to_child_trusted", "beyond it: who has announced itself, or was asked for by a container", "", 50, 5s,
     &arpl_limits::to_child_trusted},
    {"to_child_trusted_source",
     "one source MAC's share of to_child_trusted",
     "to_child_trusted",
     {},
     5s,
     &arpl_limits::to_child_trusted_source},
    {"ring", "answered by the engine instead of the program (fast path only)", "", 0, 1s, &arpl_limits::ring},
    {"ring_new",
     "the same for requesters that the container has not answered yet",
     "ring",
     {},
     1s,
     &arpl_limits::ring_new},
    {"ring_source", "one source MAC's share of ring and ring_new", "ring", {}, 1s, &arpl_limits::ring_source},
    {"ring_endpoint", "one endpoint's share of ring and ring_new", "ring", {}, 1s, &arpl_limits::ring_endpoint},
    {"reflect_max", "answers of the program; who-has beyond it are dropped", "", {}, 1s, &arpl_limits::reflect},
    {"reflect_max_source", "the same for one source MAC", "", {}, 1s, &arpl_limits::reflect_source},
    {"foreign",
     "broadcast who-has for addresses that nobody here answers for; beyond it they are dropped",
     "",
     {},
     1s,
     &arpl_limits::foreign},
    {"odd", "who-has that containers' kernels learn from and arpline can't answer; beyond it they are dropped",
     "", 20, 5s, &arpl_limits::odd, true},
    {"events", "claims that are told to the daemon", "", 100, 5s, &arpl_limits::events},
    {"own_macs", "frames with own MACs that are told to the daemon", "", 20, 5s, &arpl_limits::own_mac_events},
}};

bool may_be_off(const LimitSpec& spec) {
  return spec.drops || (!spec.normal && spec.quarter_of.empty());
}

}  // namespace

// The burst must hold one frame, or no frame would ever pass.
arpl_budget budget_of(Rate rate, Duration burst) {
  if (!rate) return {.interval_ns = 0, .burst_ns = 0};
  if (*rate == 0) return {.interval_ns = ARPL_SECOND_NS, .burst_ns = 0};
  const auto interval = std::max<__u64>(1, ARPL_SECOND_NS / *rate);
  return {.interval_ns = interval, .burst_ns = std::max<__u64>(interval, raw(burst))};
}

std::span<const LimitSpec> limit_specs() {
  return kSpecs;
}

const LimitSpec* find_limit(std::string_view name) {
  const auto* at = std::ranges::find(kSpecs, name, &LimitSpec::name);
  return at != kSpecs.end() ? at : nullptr;
}

std::string limit_names() {
  std::string names;
  for (const auto& spec : kSpecs) names += fmt::format("{}{}", names.empty() ? "" : ", ", spec.name);
  return names;
}

Rate Limits::rate(const LimitSpec& spec) const {
  if (const auto at = set_.find(spec.name); at != set_.end()) return at->second;
  if (spec.quarter_of.empty()) return spec.normal;
  const auto whole = rate(*find_limit(spec.quarter_of));
  return whole ? Rate{(*whole + kQuarter - 1) / kQuarter} : whole;
}

void Limits::write(arpl_limits& limits) const {
  for (const auto& spec : kSpecs) limits.*spec.budget = budget_of(rate(spec), spec.burst);
}

Rate rate_of(const arpl_budget& budget) {
  if (budget.interval_ns == 0) return std::nullopt;
  return budget.burst_ns < budget.interval_ns ? 0 : ARPL_SECOND_NS / budget.interval_ns;
}

Rate parse_rate(const LimitSpec& spec, const std::string& text) {
  if (text == "off" && may_be_off(spec)) return std::nullopt;
  std::uint64_t rate = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, rate);
  if (error != std::errc{} || rest != end || rate > kMostPerSecond) {
    throw SetupError(fmt::format("{}: must be {}0 to {} frames a second", spec.name,
                                 may_be_off(spec) ? "\"off\" or " : "", kMostPerSecond));
  }
  return rate;
}

}  // namespace arpline
