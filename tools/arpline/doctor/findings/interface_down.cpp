// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

bool is_at(const GoneStatus& gone, const Child& child) {
  return gone.netns == child.netns->name && gone.interface == child.device->name;
}

const GoneStatus* tombstone_of(const Child& child) {
  const auto found =
      std::ranges::find_if(child.parent->gone, [&](const GoneStatus& gone) { return is_at(gone, child); });
  return found == child.parent->gone.end() ? nullptr : &*found;
}

// Without a daemon, the maps still hold the address that the MAC had.
bool had_address(const Child& child) {
  return !child.device->addresses.empty() || tombstone_of(child) != nullptr ||
         std::ranges::find(child.parent->endpoints, child.device->mac, &EndpointStatus::mac) !=
             child.parent->endpoints.end();
}

bool went_down(const Step& step) {
  return step.event.find("down") != std::string::npos || step.event.find("lost") != std::string::npos;
}

// When the interface went down, and the events before, as the daemon recorded them.
std::string since(const Child& child) {
  std::vector<Step> trail;
  for (const auto& address : child.device->addresses)
    if (const auto* endpoint = known(child, address.address); endpoint != nullptr) trail = endpoint->trail;
  const auto* gone = tombstone_of(child);
  if (trail.empty() && gone != nullptr) trail = gone->trail;
  const auto down = std::find_if(trail.rbegin(), trail.rend(), went_down);
  if (down != trail.rend()) {
    auto text = fmt::format("{} {} ago", down->event, duration(down->seconds_ago));
    const auto before = std::next(down);
    if (before != trail.rend())
      text += fmt::format(", after \"{}\" {} ago", before->event, duration(before->seconds_ago));
    return text;
  }
  if (gone != nullptr) return fmt::format("{} {} ago", gone->reason, duration(gone->seconds_ago));
  return "since when is not known";
}

std::string addresses_of(const Device& device) {
  std::string list;
  for (const auto& address : device.addresses) list += (list.empty() ? "" : ", ") + text(address);
  return list.empty() ? "no address" : list;
}

void child_down(const Child& child, Findings& out) {
  const auto& device = *child.device;
  const bool had = had_address(child);
  out.push_back({.id = "interface_down",
                 .severity = had ? Severity::critical : Severity::warning,
                 .certainty = Certainty::certain,
                 .subject = place(child),
                 .evidence = fmt::format("the interface is administratively down ({}); {}",
                                         addresses_of(device), since(child)),
                 .command = Command{"{}ip link set dev {} up", child.netns->enter, device.name},
                 .about = {.parent = child.parent->link.ifindex, .devices = {child.device}}});
}

void below_down(const Parent& parent, const Device& below, Findings& out) {
  const std::string what = below.up ? "has no carrier" : "is administratively down";
  out.push_back({.id = "interface_down",
                 .severity = Severity::critical,
                 .certainty = Certainty::certain,
                 .subject = visible(below.name),
                 .evidence = fmt::format("{} {}: no container on it can be reached", visible(below.name), what),
                 .command = below.up ? Command{} : Command{"ip link set dev {} up", below.name},
                 .about = {.parent = parent.link.ifindex}});
}

}  // namespace

void interface_down(const Facts& facts, Findings& out) {
  std::set<int> told;
  for (const auto& child : containers_of(facts)) {
    if (!child.device->up) child_down(child, out);
    const auto* below = find_device(facts.host(), child.lower);
    if (below != nullptr && (!below->up || !below->running) && told.insert(child.lower).second)
      below_down(*child.parent, *below, out);
  }
}

}  // namespace arpline::doctor
