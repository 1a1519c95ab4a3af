// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

constexpr double kFresh = 60;
constexpr double kOld = 3600;
constexpr int kEveryone = 3;

using Key = std::tuple<const Parent*, std::uint16_t, Mac>;

}  // namespace

std::vector<Endpoint> endpoints_of(const Facts& facts) {
  const auto children = containers_of(facts);
  std::map<Key, Child> by_mac;
  for (const auto& child : children) by_mac.emplace(Key{child.parent, child.vlan, child.device->mac}, child);
  std::vector<Endpoint> endpoints;
  for (const auto& parent : facts.parents) {
    for (const auto& known : parent.endpoints) {
      const auto at = by_mac.find({&parent, known.vlan, known.mac});
      endpoints.push_back({.parent = &parent,
                           .child = at == by_mac.end() ? std::nullopt : std::optional{at->second},
                           .address = known.address,
                           .mac = known.mac,
                           .known = &known});
    }
  }
  for (const auto& child : children)
    for (const auto& address : child.device->addresses)
      if (known(child, address.address) == nullptr)
        endpoints.push_back({child.parent, child, address.address, child.device->mac, nullptr});
  return endpoints;
}

std::string subject_of(const Endpoint& endpoint) {
  const auto address = format_ipv4(endpoint.address);
  if (!endpoint.child) return fmt::format("{} on {}", address, visible(endpoint.parent->link.name));
  return fmt::format("{} ({})", place(*endpoint.child), address);
}

About about_of(const Endpoint& endpoint) {
  About about{.parent = endpoint.parent->link.ifindex, .addresses = {endpoint.address}};
  if (endpoint.child) about.devices.push_back(endpoint.child->device);
  return about;
}

bool hears_the_same_wire(const Endpoint& endpoint, const NetnsFacts& netns, const Device& device) {
  const int lower = endpoint.child ? endpoint.child->lower : endpoint.parent->link.ifindex;
  if (netns.own && device.ifindex == lower) return true;
  const bool itself = endpoint.child && endpoint.child->device == &device;
  return !itself && device.macvlan() && device.lower_in_host && device.lower == lower;
}

const GoneStatus* earlier_life(const Endpoint& endpoint, Mac mac) {
  const auto& gone = endpoint.parent->gone;
  const auto found = std::ranges::find_if(
      gone, [&](const GoneStatus& one) { return one.address == endpoint.address && one.mac == mac; });
  return mac == endpoint.mac || found == gone.end() ? nullptr : &*found;
}

std::string whose(const Facts& facts, const Endpoint& endpoint, Mac mac) {
  const auto [netns, device] = owner_of(facts, mac);
  if (device != nullptr) return "that is " + place(*netns, *device);
  if (const auto* earlier = earlier_life(endpoint, mac))
    return fmt::format("the MAC that the address had itself until {} ago", duration(earlier->seconds_ago));
  return "no interface of this host";
}

// A claim that arpline dropped harms only its sender, and the siblings that received it.
Severity severity_of(const ClaimantStatus& claimant, bool contested) {
  if (claimant.dropped) return Severity::warning;
  if (!claimant.last_seconds_ago) return contested ? Severity::critical : Severity::warning;
  if (*claimant.last_seconds_ago < kFresh) return Severity::critical;
  return *claimant.last_seconds_ago < kOld ? Severity::warning : Severity::note;
}

std::string when(const ClaimantStatus& claimant) {
  std::string text = fmt::format("{} time{}", claimant.times, claimant.times == 1 ? "" : "s");
  if (claimant.first_seconds_ago) text += fmt::format(", first {} ago", duration(*claimant.first_seconds_ago));
  if (claimant.last_seconds_ago) text += fmt::format(", last {} ago", duration(*claimant.last_seconds_ago));
  if (!claimant.from.empty()) text += ", from the " + claimant.from;
  if (claimant.dropped) text += "; dropped before it left the host";
  return text;
}

bool answers_for_everyone(const Parent& parent, const ClaimantStatus& claimant) {
  if (claimant.party == "proxy") return true;
  const auto claimed = std::ranges::count_if(parent.endpoints, [&](const EndpointStatus& endpoint) {
    return std::ranges::find(endpoint.claimants, claimant.mac, &ClaimantStatus::mac) !=
           endpoint.claimants.end();
  });
  return claimant.mac != 0 && claimed >= kEveryone;
}

}  // namespace arpline::doctor
