// SPDX-License-Identifier: Apache-2.0
#include "arpline/watch/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

#include "base/foreign_text.hpp"
#include "report/counters.hpp"
#include "shared/packet.h"

namespace arpline::watch {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::string_view kWould = "would_";
constexpr std::string_view kDots = "...";

// The verdicts that an operator wants explained. The others belong to every network.
constexpr std::array<std::string_view, 12> kNotOrdinary{
    "lease_expired",     "malformed", "tags",        "own_mac",        "other_op",    "not_served",
    "other_destination", "odd",       "over_budget", "reflect_capped", "odd_limited", "foreign_limited"};

std::string named(Ipv4 address, const ForeignText& container) {
  return container.empty() ? format_ipv4(address)
                           : fmt::format("{} ({})", format_ipv4(address), visible(container));
}

std::string sender_of(const WatchedFrame& frame) {
  if (frame.sender != 0)
    return fmt::format("{} {}", format_mac(frame.sender_mac), named(frame.sender, frame.sender_container));
  if (frame.sender_container.empty()) return format_mac(frame.sender_mac);
  return fmt::format("{} ({})", format_mac(frame.sender_mac), visible(frame.sender_container));
}

std::string what_it_does(const WatchedFrame& frame) {
  const auto target = named(frame.target, frame.target_container);
  if (frame.sender == frame.target) return "announces itself";
  if (frame.operation == ARPL_OP_REPLY) return "answers " + target;
  if (frame.operation != ARPL_OP_REQUEST)
    return fmt::format("sends operation {} to {}", frame.operation, target);
  return (frame.sender == 0 ? "probes for " : "asks for ") + target;
}

std::string_view description_of(std::string_view verdict) {
  for (std::size_t i = 0; i < ARPL_VERDICT_COUNTERS; ++i)
    if (counter_name(i) == verdict) return counter_description(i);
  return {};
}

std::string time_of(std::uint64_t time_ns) {
  const auto second = static_cast<std::time_t>(time_ns / kNanosecondsPerSecond);
  return fmt::format("{:%H:%M:%S}.{:03}", fmt::localtime(second), time_ns % kNanosecondsPerSecond / 1'000'000);
}

}  // namespace

std::string says(const WatchedFrame& frame) {
  if (!frame.readable) return format_mac(frame.source) + " sends what cannot be read";
  auto text = fmt::format("{} {}", sender_of(frame), what_it_does(frame));
  if (frame.claims) {
    text += " and claims " + format_ipv4(frame.sender);
    if (!frame.claimed_of.empty()) text += " of " + visible(frame.claimed_of);
  }
  if (frame.vlan != 0) text += fmt::format(", vlan {}", frame.vlan);
  return text;
}

std::string meaning(const WatchedFrame& frame) {
  if (frame.verdict == "claim_dropped")
    return "a claim of an endpoint's address, which does not leave the host";
  if (frame.claims) return "a claim of an endpoint's address";
  std::string_view verdict = frame.verdict;
  if (verdict.starts_with(kWould)) verdict.remove_prefix(kWould.size());
  if (std::ranges::find(kNotOrdinary, verdict) == kNotOrdinary.end()) return {};
  return std::string{description_of(verdict)};
}

std::string line_of(const WatchedFrame& frame, bool with_parent, std::size_t columns) {
  auto line = time_of(frame.time_ns);
  if (with_parent) line += " " + visible(frame.parent);
  line += " " + frame.side;
  if (!frame.verdict.empty()) line += " " + frame.verdict;
  line += ": " + says(frame);
  if (const auto means = meaning(frame); !means.empty()) line += " - " + means;
  line = visible_line(line);
  if (columns == 0 || line.size() <= columns) return line;
  line.resize(std::max(columns, kDots.size()) - kDots.size());
  return line.append(kDots);
}

std::string comment_of(const WatchedFrame& frame) {
  auto comment =
      fmt::format("{}{}{}: {}", frame.side, frame.verdict.empty() ? "" : ", ", frame.verdict, says(frame));
  if (const auto means = meaning(frame); !means.empty()) comment += " - " + means;
  return visible_line(comment);
}

std::string left_out_line(std::uint64_t frames) {
  return fmt::format("             {} frames left out", frames);
}

}  // namespace arpline::watch
