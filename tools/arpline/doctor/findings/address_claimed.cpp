// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <linux/neighbour.h>

#include <algorithm>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

constexpr double kFresh = 60;  // as long as arpline itself takes the address for contested
constexpr double kOld = 3600;

struct Claimed {
  const Parent* parent = nullptr;
  const Child* child = nullptr;  // nullptr: an endpoint without an interface here
  Ipv4 address = 0;
};

std::string who(const Facts& facts, const Claimed& claimed, Mac mac) {
  const auto [space, device] = owner_of(facts, mac);
  if (device != nullptr) return "that is " + place(*space, *device);
  const auto earlier = std::ranges::find_if(claimed.parent->gone, [&](const Tombstone& gone) {
    return gone.address == claimed.address && gone.mac == mac;
  });
  if (earlier != claimed.parent->gone.end())
    return fmt::format("the MAC that the address had itself until {} ago", duration(earlier->seconds_ago));
  return "no interface of this host";
}

// What was dropped harms nobody but its sender, and the siblings that heard it.
Severity severity_of(const Claimant& claimant, bool contested) {
  if (claimant.dropped) return Severity::warning;
  if (!claimant.last_seconds_ago) return contested ? Severity::critical : Severity::warning;
  if (*claimant.last_seconds_ago < kFresh) return Severity::critical;
  return *claimant.last_seconds_ago < kOld ? Severity::warning : Severity::note;
}

std::string when(const Claimant& claimant) {
  std::string text = fmt::format("{} time{}", claimant.times, claimant.times == 1 ? "" : "s");
  if (claimant.first_seconds_ago) text += fmt::format(", first {} ago", duration(*claimant.first_seconds_ago));
  if (claimant.last_seconds_ago) text += fmt::format(", last {} ago", duration(*claimant.last_seconds_ago));
  if (!claimant.from.empty()) text += ", from the " + claimant.from;
  if (claimant.dropped) text += "; dropped before it left the host";
  return text;
}

// Only what is on this host can be mended from here.
std::string command_against(const Facts& facts, const Claimed& claimed, Mac mac) {
  const auto [space, device] = owner_of(facts, mac);
  if (device == nullptr) return {};
  bool has_it = false;
  for (const auto& other : space->devices) {
    for (const auto& address : other.addresses) {
      if (address.address != claimed.address) continue;
      if (&other == device)
        return fmt::format("{}ip addr del {} dev {}", space->enter, text(address), device->name);
      has_it = true;
    }
  }
  if (device->proxy_arp) return space->enter + set_sysctl(device->name, "proxy_arp", 0);
  if (has_it && answers_for_others(*space, *device))
    return space->enter + set_sysctl(device->name, "arp_ignore", 1);
  return {};
}

About about_of(const Claimed& claimed) {
  About about{.parent = claimed.parent->link.ifindex, .addresses = {claimed.address}};
  if (claimed.child != nullptr) about.devices.push_back(claimed.child->device);
  return about;
}

std::string subject_of(const Claimed& claimed) {
  const auto address = format_ipv4(claimed.address);
  if (claimed.child == nullptr) return fmt::format("{} on {}", address, claimed.parent->link.name);
  return fmt::format("{} ({})", place(*claimed.child), address);
}

void by_claims(const Facts& facts, const Claimed& claimed, const KnownEndpoint& endpoint, Findings& out) {
  for (const auto& claimant : endpoint.claimants) {
    if (claimant.mac == 0 || claimant.times == 0 || claimant.mac == endpoint.mac) continue;
    out.push_back(
        {.id = "address_claimed",
         .severity = severity_of(claimant, endpoint.reason == "contested"),
         .certainty = Certainty::certain,
         .subject = subject_of(claimed),
         .evidence = fmt::format("{} claims the address of {}: {}; {}", format_mac(claimant.mac),
                                 format_mac(endpoint.mac), when(claimant), who(facts, claimed, claimant.mac)),
         .command = command_against(facts, claimed, claimant.mac),
         .about = about_of(claimed)});
  }
}

bool hears_the_same_wire(const Child& child, const Space& space, const Device& device) {
  if (space.own && device.ifindex == child.lower) return true;
  return &device != child.device && device.macvlan() && device.lower_in_host && device.lower == child.lower;
}

// Nobody counted, but a neighbour entry on the same wire that was confirmed just now names another MAC.
void by_neighbours(const Facts& facts, const Claimed& claimed, Findings& out) {
  const auto& child = *claimed.child;
  for (const auto& space : facts.spaces) {
    for (const auto& neighbour : space.neighbours) {
      const auto* device = find_device(space, neighbour.ifindex);
      if (neighbour.address != claimed.address || neighbour.mac == child.device->mac || device == nullptr ||
          (neighbour.state & NUD_REACHABLE) == 0 || !hears_the_same_wire(child, space, *device))
        continue;
      out.push_back(
          {.id = "address_claimed",
           .severity = Severity::warning,
           .certainty = Certainty::likely,
           .subject = subject_of(claimed),
           .evidence = fmt::format("{} has just heard {} for {}, which is {}'s; {}", place(space, *device),
                                   format_mac(neighbour.mac), format_ipv4(claimed.address),
                                   format_mac(child.device->mac), who(facts, claimed, neighbour.mac)),
           .command = command_against(facts, claimed, neighbour.mac),
           .about = about_of(claimed)});
      return;
    }
  }
}

}  // namespace

void address_claimed(const Facts& facts, Findings& out) {
  const auto children = containers_of(facts);
  for (const auto& parent : facts.parents) {
    for (const auto& endpoint : parent.endpoints) {
      const auto at = std::ranges::find_if(children, [&](const Child& child) {
        return child.parent == &parent && child.vlan == endpoint.vlan && child.device->mac == endpoint.mac;
      });
      by_claims(facts, {&parent, at == children.end() ? nullptr : &*at, endpoint.address}, endpoint, out);
    }
  }
  for (const auto& child : children)
    for (const auto& address : child.device->addresses)
      if (const auto* endpoint = known(child, address.address);
          endpoint == nullptr || endpoint->claimants.empty())
        by_neighbours(facts, {child.parent, &child, address.address}, out);
}

}  // namespace arpline::doctor
