// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

using Siblings = std::vector<Child>;

// Siblings of one namespace on one wire. Children in the host's own namespace are left to the host's
// administrator.
std::map<std::tuple<std::uint64_t, int>, Siblings> siblings_of(const Facts& facts) {
  std::map<std::tuple<std::uint64_t, int>, Siblings> found;
  for (const auto& child : containers_of(facts)) found[{child.netns->inode, child.lower}].push_back(child);
  return found;
}

// Some interface answers for a sibling's address.
bool in_flux(const Siblings& siblings) {
  return std::ranges::any_of(siblings, [&](const Child& child) {
    return child.device->up && !child.device->addresses.empty() &&
           std::ranges::any_of(siblings, [&](const Child& other) {
             return other.device != child.device && answers_for_others(*other.netns, *other.device);
           });
  });
}

void add_finding(const Siblings& siblings, Findings& out) {
  const auto& netns = *siblings.front().netns;
  std::string list;
  About about{.parent = siblings.front().parent->link.ifindex};
  for (const auto& child : siblings) {
    list += fmt::format("{}{} ({}, arp_ignore {})", list.empty() ? "" : ", ", visible(child.device->name),
                        format_mac(child.device->mac), arp_ignore(netns, *child.device));
    about.devices.push_back(child.device);
  }
  out.push_back(
      {.id = "flux",
       .severity = Severity::warning,
       .certainty = Certainty::certain,
       .subject = fmt::format("{} on {}", visible(netns.name), visible(siblings.front().parent->link.name)),
       .evidence = fmt::format("{} interfaces of one namespace hear the same requests and answer for each "
                               "other: {}; peers learn now one MAC, now another",
                               siblings.size(), list),
       .command =
           Command{"{}sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2", netns.enter},
       .about = std::move(about)});
}

}  // namespace

void flux(const Facts& facts, Findings& out) {
  for (const auto& [where, siblings] : siblings_of(facts))
    if (in_flux(siblings)) add_finding(siblings, out);
}

}  // namespace arpline::doctor
