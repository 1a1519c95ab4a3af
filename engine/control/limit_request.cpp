// SPDX-License-Identifier: Apache-2.0
#include "control/limit_request.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"

namespace arpline {
namespace {

using nlohmann::json;

const LimitSpec& spec_of(const json& name) {
  const auto text = name.is_string() ? name.get<std::string>() : name.dump();
  if (const auto* spec = find_limit(text)) return *spec;
  throw SetupError(fmt::format("there is no limit {}; there are {}", text, limit_names()));
}

// Resets one limit to the configuration, which may leave it at its default.
void restore(Limits& limits, const LimitSpec& spec, const Limits& configured) {
  if (configured.is_set(spec)) {
    limits.set(spec, configured.rate(spec));
  } else {
    limits.reset(spec);
  }
}

std::string text_of(Rate rate) {
  return rate ? std::to_string(*rate) : "off";
}

std::string_view origin_of(const LimitSpec& spec, const Limits& configured, const Limits& now) {
  if (!now.is_set(spec)) return "default";
  return configured.is_set(spec) && configured.rate(spec) == now.rate(spec) ? "file" : "set";
}

// Rounded to a tenth of a frame, because on a host with many parents it can be below one a second.
std::optional<Number> in_force(const LimitSpec& spec, Rate rate, const NeighbourFit& fit) {
  if (!rate) return std::nullopt;
  if (fit.factor() == 1 || !makes_neighbours(spec)) return *rate;
  return std::round(static_cast<double>(*rate) * fit.factor() * 10) / 10;
}

}  // namespace

bool asks_only(const json& request) {
  return !request.contains("value") && !request.value("reset", false);
}

Limits changed_limits(const json& request, const Limits& configured, const Limits& now) {
  const bool reset = request.value("reset", false);
  if (reset && request.contains("value")) throw SetupError("a limit is either set or reset, not both");
  if (!request.contains("name")) {
    if (request.contains("value")) throw SetupError("which limit? There are " + limit_names());
    return reset ? configured : now;
  }
  const auto& spec = spec_of(request["name"]);
  auto limits = now;
  if (reset) {
    restore(limits, spec, configured);
  } else if (request.contains("value")) {
    const auto& value = request["value"];
    limits.set(spec, parse_rate(spec, value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return limits;
}

std::vector<std::string> differences(const Limits& before, const Limits& now) {
  std::vector<std::string> lines;
  for (const auto& spec : limit_specs()) {
    if (before.rate(spec) == now.rate(spec)) continue;
    lines.push_back(fmt::format("limit {} is {} now, it was {}", spec.name, text_of(now.rate(spec)),
                                text_of(before.rate(spec))));
  }
  return lines;
}

std::vector<LimitStatus> limit_status(const Limits& configured, const Limits& now, const NeighbourFit& fit) {
  std::vector<LimitStatus> all;
  for (const auto& spec : limit_specs()) {
    LimitStatus limit{.name = std::string{spec.name},
                      .rate = now.rate(spec),
                      .in_force = in_force(spec, now.rate(spec), fit),
                      .from = std::string{origin_of(spec, configured, now)},
                      .what = std::string{spec.what}};
    if (!spec.quarter_of.empty() && !now.is_set(spec)) limit.quarter_of = spec.quarter_of;
    all.push_back(std::move(limit));
  }
  return all;
}

}  // namespace arpline
