// SPDX-License-Identifier: Apache-2.0
#include "control/neighbour_census.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "kernel/neighbours.hpp"
#include "kernel/netns.hpp"

namespace arpline {
namespace {

constexpr std::size_t kMostEntries = 16'384;  // of one namespace; counting them takes some 10 ms

// Must run inside the namespace.
std::vector<NeighbourCensus::Holder> holders_of(const NeighbourCount& count, const ForeignText& netns) {
  std::vector<std::pair<std::uint32_t, int>> devices;
  for (const auto& [ifindex, entries] : count.counted) devices.emplace_back(entries, ifindex);
  std::ranges::sort(devices, std::greater{});
  devices.resize(std::min(devices.size(), NeighbourCensus::kMostNamed));
  std::vector<NeighbourCensus::Holder> holders;
  for (const auto& [entries, ifindex] : devices) {
    std::array<char, IF_NAMESIZE> name{};
    const bool named = if_indextoname(static_cast<unsigned>(ifindex), name.data()) != nullptr;
    holders.push_back({.netns = netns, .interface = named ? name.data() : "?", .entries = entries});
  }
  return holders;
}

}  // namespace

void NeighbourCensus::begin(std::vector<Netns> namespaces) {
  namespaces_ = std::move(namespaces);
  next_ = 0;
  round_ = {};
}

void NeighbourCensus::forget() noexcept {
  begin({});
  result_.reset();
}

void NeighbourCensus::go_on(const Open& open) noexcept {
  if (!under_way()) return;
  const auto until = Clock::now() + kSlice;
  do {
    try {
      count(namespaces_[next_], open);
    } catch (const SetupError&) {  // the namespace is gone, or can't be entered
    }
    ++next_;
  } while (under_way() && Clock::now() < until);
  if (under_way()) return;
  round_.ended_at = Clock::now();
  result_ = std::exchange(round_, {});
}

void NeighbourCensus::count(const Netns& netns, const Open& open) {
  std::optional<NeighbourCount> count;
  std::vector<Holder> holders;
  const auto count_here = [&] {
    count = count_neighbours(kMostEntries);
    if (count) holders = holders_of(*count, netns.name);
  };
  if (netns.own) {
    count_here();
  } else if (const Fd inside = open(netns.nsid); inside) {
    run_inside(inside.get(), count_here);
  }
  if (!count) return;
  round_.exempt += count->exempt;
  auto& all = round_.holders;
  all.insert(all.end(), std::make_move_iterator(holders.begin()), std::make_move_iterator(holders.end()));
  std::ranges::stable_sort(all, std::greater{}, &Holder::entries);
  all.resize(std::min(all.size(), kMostNamed));
}

std::string text_of(const std::vector<NeighbourCensus::Holder>& holders) {
  std::string text;
  for (const auto& [netns, interface, entries] : holders)
    text += fmt::format("{}{}/{} {}", text.empty() ? "" : ", ", visible(netns), visible(interface), entries);
  return text;
}

}  // namespace arpline
