// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "arpline/doctor/endpoints.hpp"
#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

// A station that answers for any address: the endpoints that it has claimed, and its last claim.
struct Proxy {
  std::vector<Endpoint> claimed;
  ClaimantStatus last;
};

using Proxies = std::map<std::tuple<const Parent*, Mac>, Proxy>;

Proxies proxies_of(const std::vector<Endpoint>& endpoints) {
  Proxies proxies;
  for (const auto& endpoint : endpoints) {
    if (endpoint.known == nullptr) continue;
    for (const auto& claimant : endpoint.known->claimants) {
      if (claimant.mac == 0 || claimant.times == 0 || claimant.mac == endpoint.mac ||
          !answers_for_everyone(*endpoint.parent, claimant))
        continue;
      auto& proxy = proxies[{endpoint.parent, claimant.mac}];
      const auto times = proxy.last.times + claimant.times;
      const auto first = std::max(proxy.last.first_seconds_ago, claimant.first_seconds_ago);
      if (proxy.claimed.empty() ||
          (claimant.last_seconds_ago &&
           (!proxy.last.last_seconds_ago || *claimant.last_seconds_ago < *proxy.last.last_seconds_ago)))
        proxy.last = claimant;
      proxy.last.times = times;
      proxy.last.first_seconds_ago = first;
      proxy.claimed.push_back(endpoint);
    }
  }
  return proxies;
}

std::string list_of(const std::vector<Endpoint>& endpoints) {
  constexpr std::size_t kMost = 3;
  std::string list;
  for (std::size_t i = 0; i < std::min(kMost, endpoints.size()); ++i)
    list += (list.empty() ? "" : ", ") + format_ipv4(endpoints[i].address);
  return endpoints.size() > kMost ? fmt::format("{} and {} more", list, endpoints.size() - kMost) : list;
}

About about_all(const std::vector<Endpoint>& endpoints) {
  About about{.parent = endpoints.front().parent->link.ifindex};
  for (const auto& endpoint : endpoints) {
    if (endpoint.child) about.devices.push_back(endpoint.child->device);
    about.addresses.push_back(endpoint.address);
  }
  return about;
}

Command switch_off(const Owner& owner) {
  if (owner.device == nullptr || !owner.device->proxy_arp) return {};
  return set_sysctl(*owner.netns, owner.device->name, "proxy_arp", 0);
}

void by_claims(const Facts& facts, const Parent& parent, Mac mac, const Proxy& proxy, Findings& out) {
  const auto owner = owner_of(facts, mac);
  const bool contested = std::ranges::any_of(
      proxy.claimed, [](const Endpoint& endpoint) { return endpoint.known->reason == "contested"; });
  out.push_back({.id = "proxy_arp",
                 .severity = severity_of(proxy.last, contested),
                 .certainty = Certainty::certain,
                 .subject = fmt::format("{} on {}", format_mac(mac), visible(parent.link.name)),
                 .evidence = fmt::format("it answers for the addresses of {} endpoint{} ({}): {}; {}",
                                         proxy.claimed.size(), proxy.claimed.size() == 1 ? "" : "s",
                                         list_of(proxy.claimed), when(proxy.last),
                                         whose(facts, proxy.claimed.front(), mac)),
                 .command = switch_off(owner),
                 .about = about_all(proxy.claimed)});
}

// The kernel answers for an address that it would forward through another interface (arp_fwd_proxy() in
// net/ipv4/arp.c).
bool would_answer(const NetnsFacts& netns, const Device& device, const Endpoint& endpoint) {
  if (!device.up || device.noarp || !hears_the_same_wire(endpoint, netns, device)) return false;
  const auto* route = route_to(netns, endpoint.address);
  return route != nullptr && route->ifindex != device.ifindex && route->ifindex != 0;
}

// No proxy has been heard, but a setting makes an interface of this host answer as one.
void by_settings(const std::vector<Endpoint>& endpoints, const NetnsFacts& netns, const Device& device,
                 Findings& out) {
  std::vector<Endpoint> others;
  for (const auto& endpoint : endpoints)
    if (would_answer(netns, device, endpoint)) others.push_back(endpoint);
  if (others.empty()) return;
  out.push_back(
      {.id = "proxy_arp",
       .severity = Severity::warning,
       .certainty = Certainty::likely,
       .subject = fmt::format("{} on {}", place(netns, device), visible(others.front().parent->link.name)),
       .evidence = fmt::format("proxy_arp is on, and its routes to {} go through another interface: "
                               "where it forwards it answers for {} with {}",
                               list_of(others), others.size() == 1 ? "it" : "them", format_mac(device.mac)),
       .command = switch_off({&netns, &device}),
       .about = about_all(others)});
}

}  // namespace

void proxy_arp(const Facts& facts, Findings& out) {
  const auto endpoints = endpoints_of(facts);
  std::set<Mac> told;
  for (const auto& [who, proxy] : proxies_of(endpoints)) {
    const auto& [parent, mac] = who;
    by_claims(facts, *parent, mac, proxy, out);
    told.insert(mac);
  }
  for (const auto& netns : facts.namespaces)
    for (const auto& device : netns.devices)
      if (device.proxy_arp && !told.contains(device.mac)) by_settings(endpoints, netns, device, out);
}

}  // namespace arpline::doctor
