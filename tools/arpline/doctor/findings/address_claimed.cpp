// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <linux/neighbour.h>

#include "arpline/doctor/endpoints.hpp"
#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

// A command, if the claimant is an interface of this host.
Command command_against(const Facts& facts, Ipv4 claimed, Mac mac) {
  const auto [netns, device] = owner_of(facts, mac);
  if (device == nullptr) return {};
  bool has_it = false;
  for (const auto& other : netns->devices) {
    for (const auto& address : other.addresses) {
      if (address.address != claimed) continue;
      if (&other == device)
        return Command{"{}ip addr del {} dev {}", netns->enter, text(address), device->name};
      has_it = true;
    }
  }
  if (device->proxy_arp) return set_sysctl(*netns, device->name, "proxy_arp", 0);
  if (has_it && answers_for_others(*netns, *device)) return set_sysctl(*netns, device->name, "arp_ignore", 1);
  return {};
}

std::string claim_origin_of(const ClaimantStatus& claimant) {
  if (claimant.party == "host") return "; the host itself";
  if (claimant.party == "sibling") return "; a sibling: ARP flux, or the same address twice";
  return {};
}

std::string what_was_done(const ConflictStatus& conflict) {
  std::string text;
  if (conflict.defended_seconds_ago)
    text = fmt::format("; arplined defended it {} time{}, last {} ago", conflict.defences,
                       conflict.defences == 1 ? "" : "s", duration(*conflict.defended_seconds_ago));
  if (conflict.gave_up)
    text += "; arplined has given it up: it neither announces nor defends it until its interface changes";
  if (conflict.moves_too_often)
    text += "; it moves between MACs too often: arplined leaves it alone until it keeps still";
  return text;
}

void by_claims(const Facts& facts, const Endpoint& endpoint, Findings& out) {
  for (const auto& claimant : endpoint.known->claimants) {
    if (claimant.mac == 0 || claimant.times == 0 || claimant.mac == endpoint.mac ||
        answers_for_everyone(*endpoint.parent, claimant))
      continue;
    out.push_back(
        {.id = "address_claimed",
         .severity = severity_of(claimant, endpoint.known->reason == "contested"),
         .certainty = Certainty::certain,
         .subject = subject_of(endpoint),
         .evidence = fmt::format("{} claims the address of {}: {}; {}{}{}", format_mac(claimant.mac),
                                 format_mac(endpoint.mac), when(claimant), whose(facts, endpoint, claimant.mac),
                                 claim_origin_of(claimant), what_was_done(endpoint.known->conflict)),
         .command = command_against(facts, endpoint.address, claimant.mac),
         .about = about_of(endpoint)});
  }
}

// No claim was counted, but a freshly confirmed neighbour entry on the same wire names another MAC.
void by_neighbours(const Facts& facts, const Endpoint& endpoint, Findings& out) {
  for (const auto& netns : facts.namespaces) {
    for (const auto& neighbour : netns.neighbours) {
      if (neighbour.address != endpoint.address || neighbour.mac == endpoint.mac ||
          (neighbour.state & NUD_REACHABLE) == 0 || earlier_life(endpoint, neighbour.mac) != nullptr)
        continue;
      const auto* device = find_device(netns, neighbour.ifindex);
      if (device == nullptr || !hears_the_same_wire(endpoint, netns, *device)) continue;
      out.push_back(
          {.id = "address_claimed",
           .severity = Severity::warning,
           .certainty = Certainty::likely,
           .subject = subject_of(endpoint),
           .evidence = fmt::format("{} has just heard {} for {}, which is {}'s; {}", place(netns, *device),
                                   format_mac(neighbour.mac), format_ipv4(endpoint.address),
                                   format_mac(endpoint.mac), whose(facts, endpoint, neighbour.mac)),
           .command = command_against(facts, endpoint.address, neighbour.mac),
           .about = about_of(endpoint)});
      return;
    }
  }
}

}  // namespace

void address_claimed(const Facts& facts, Findings& out) {
  for (const auto& endpoint : endpoints_of(facts)) {
    if (endpoint.known != nullptr && !endpoint.known->claimants.empty())
      by_claims(facts, endpoint, out);
    else if (endpoint.child)
      by_neighbours(facts, endpoint, out);
  }
}

}  // namespace arpline::doctor
