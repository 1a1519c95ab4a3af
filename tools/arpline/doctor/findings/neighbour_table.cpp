// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

constexpr std::uint32_t kNearPercent = 80;
constexpr std::uint32_t kFullPercent = 95;
constexpr std::size_t kMostNamed = 5;
constexpr std::uint32_t kGrowth = 8;

struct Holder {
  const NetnsFacts* netns = nullptr;
  std::size_t entries = 0;
};

// The namespaces with the most entries that count, the fullest first.
std::string holders_of(const Facts& facts) {
  std::vector<Holder> holders;
  for (const auto& netns : facts.namespaces)
    if (const auto entries = netns.neighbours.size() - exempt_neighbours(netns); entries > 0)
      holders.push_back({&netns, entries});
  std::ranges::stable_sort(holders, std::greater{}, &Holder::entries);
  std::string list;
  for (std::size_t i = 0; i < std::min(holders.size(), kMostNamed); ++i)
    list +=
        fmt::format("{}{} {}", list.empty() ? "" : ", ", visible(holders[i].netns->name), holders[i].entries);
  if (holders.size() > kMostNamed) list += fmt::format(", {} others less", holders.size() - kMostNamed);
  return list.empty() ? "no reachable namespace" : list;
}

}  // namespace

void neighbour_table(const Facts& facts, Findings& out) {
  if (!facts.neighbours || facts.neighbours->limit == 0) return;
  const auto entries = counted_neighbours(facts);
  const std::uint64_t limit = facts.neighbours->limit;
  const auto percent = entries * 100 / limit;
  if (percent < kNearPercent) return;
  const auto more = limit * kGrowth;
  const Command command{"sysctl -w net.ipv4.neigh.default.gc_thresh3={} net.ipv4.neigh.default.gc_thresh2={}",
                        more, more / 2};
  out.push_back({.id = "neighbour_table",
                 .severity = percent < kFullPercent ? Severity::warning : Severity::critical,
                 .certainty = Certainty::certain,
                 .subject = "host",
                 .evidence = fmt::format(
                     "{} of {} entries of the IPv4 neighbour table are taken; it is one for the "
                     "host and all containers, and without room the kernel neither resolves nor "
                     "answers; held by: {}{}",
                     entries, limit, holders_of(facts),
                     facts.initial ? "" : "; only the initial network namespace can change the limit"),
                 .command = facts.initial ? command : Command{},
                 .about = {}});
}

}  // namespace arpline::doctor
