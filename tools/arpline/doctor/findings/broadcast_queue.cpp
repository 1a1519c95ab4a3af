// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

// The longest queue to recommend: with about a kilobyte a frame it takes 64 MiB.
constexpr std::uint64_t kLongest = 65536;

std::uint64_t wanted_length(std::uint64_t used, const DropSample& drops) {
  const auto burst =
      used + static_cast<std::uint64_t>(static_cast<double>(drops.broadcast_queue) / drops.seconds);
  return std::min(kLongest, std::bit_ceil(std::max(burst, 2 * used)));
}

// The parent's queue has the largest length that any of its children has requested.
void add_finding(const Parent& parent, const Child& child, const DropSample& drops, Findings& out) {
  const std::uint64_t used = child.device->broadcast_queue;
  out.push_back(
      {.id = "broadcast_queue",
       .severity = Severity::warning,
       .certainty = Certainty::certain,
       .subject = visible(parent.link.name),
       .evidence = fmt::format(
           "in {:.1f} s of looking {} broadcast frames for the containers were dropped because "
           "macvlan's queue of {} was full; {} frames were dropped on {} in all meanwhile, and "
           "{} since it was made, for whatever reason",
           drops.seconds, drops.broadcast_queue, used, std::max(drops.rx_dropped, drops.broadcast_queue),
           visible(parent.link.name), parent.rx_dropped),
       .command = used >= kLongest
                      ? Command{}
                      : Command{"{}ip link set dev {} type macvlan bcqueuelen {}", child.netns->enter,
                                child.device->name, wanted_length(used, drops)},
       .about = {.parent = parent.link.ifindex}});
}

}  // namespace

void broadcast_queue(const Facts& facts, Findings& out) {
  const auto children = children_of(facts);
  for (const auto& parent : facts.parents) {
    if (!parent.drops || parent.drops->broadcast_queue == 0) continue;
    const auto child = std::ranges::find_if(children, [&](const Child& one) {
      return one.parent == &parent && one.device->kind == "macvlan" && one.vlan == 0;
    });
    if (child != children.end()) add_finding(parent, *child, *parent.drops, out);
  }
}

}  // namespace arpline::doctor
