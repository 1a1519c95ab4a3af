// SPDX-License-Identifier: Apache-2.0
#include "report/watched.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/error.hpp"
#include "report/counters.hpp"
#include "shared/packet.h"

namespace arpline {
namespace {

constexpr std::array kSides{"wire", "container", "host", "stranger"};

// In the order of enum arpl_sent. A self-test is not told.
constexpr std::array kSent{"sent", "self_test", "confirms", "claim", "claim_dropped"};

}  // namespace

std::string outcome_name(std::uint32_t outcome) {
  if (outcome < ARPL_VERDICT_COUNTERS) return counter_name(outcome);
  const auto sent = outcome - ARPL_OUTCOME_SENT;
  return outcome >= ARPL_OUTCOME_SENT && sent < kSent.size() ? kSent.at(sent) : "unknown";
}

std::vector<std::string> outcome_names() {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < ARPL_VERDICT_COUNTERS; ++i) names.push_back(outcome_name(i));
  for (std::uint32_t i = 0; i < kSent.size(); ++i)
    if (i != ARPL_SENT_SELF_TEST) names.push_back(outcome_name(ARPL_OUTCOME_SENT + i));
  return names;
}

std::uint64_t outcome_bits(const std::vector<std::string>& names) {
  if (names.empty()) return ~std::uint64_t{0};
  const auto known = outcome_names();
  std::uint64_t bits = 0;
  for (const auto& name : names) {
    std::uint32_t outcome = 0;
    while (outcome < ARPL_OUTCOMES && outcome_name(outcome) != name) ++outcome;
    if (outcome == ARPL_OUTCOMES || std::ranges::find(known, name) == known.end())
      throw SetupError(fmt::format("{}: no such verdict", visible(name)));
    bits |= std::uint64_t{1} << outcome;
  }
  return bits;
}

WatchedFrame watched_frame(const arpl_watched_frame& record, std::uint64_t ahead_ns) {
  const auto& about = record.about;
  const auto bytes = std::span{record.bytes}.first(std::min<std::size_t>(about.bytes, ARPL_WATCHED_BYTES));
  return {.time_ns = about.time_ns + ahead_ns,
          .side = kSides.at(std::min<std::size_t>(about.side, kSides.size() - 1)),
          .verdict = outcome_name(about.outcome),
          .readable = about.parsed == ARPL_PARSED,
          .operation = about.op,
          .vlan = about.vlan,
          .source = about.eth_src,
          .destination = about.eth_dst,
          .sender_mac = about.sender_mac,
          .sender = about.sender_ip,
          .target_mac = about.target_mac,
          .target = about.target_ip,
          .claims = about.claims != 0,
          .frame_bytes = about.frame_bytes,
          .bytes = fmt::format("{:02x}", fmt::join(bytes, ""))};
}

}  // namespace arpline
