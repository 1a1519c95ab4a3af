// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <linux/neighbour.h>

#include <algorithm>

#include "arpline/doctor/endpoints.hpp"
#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

// Seconds; longer than a peer's kernel takes to find that the old MAC does not answer.
constexpr double kFresh = 60;

Command forget(const NetnsFacts& netns, const Device& device, Ipv4 address) {
  return Command{"{}ip neigh del {} dev {}", netns.enter, format_ipv4(address), device.name};
}

// For stale entries in the neighbour tables of this host and its containers.
void by_neighbours(const Facts& facts, const Endpoint& endpoint, Findings& out) {
  for (const auto& netns : facts.namespaces) {
    for (const auto& neighbour : netns.neighbours) {
      if (neighbour.address != endpoint.address || neighbour.mac == endpoint.mac || neighbour.mac == 0 ||
          !resolved(neighbour))
        continue;
      const auto* device = find_device(netns, neighbour.ifindex);
      const auto* earlier = earlier_life(endpoint, neighbour.mac);
      const bool written_down = (neighbour.state & NUD_PERMANENT) != 0;
      if (device == nullptr || !hears_the_same_wire(endpoint, netns, *device) ||
          (earlier == nullptr && !written_down))
        continue;
      const auto why = earlier != nullptr
                           ? fmt::format("which the address had until {} ago", duration(earlier->seconds_ago))
                           : std::string{"an entry that somebody has written down"};
      out.push_back({.id = "old_mac",
                     .severity = Severity::warning,
                     .certainty = Certainty::certain,
                     .subject = subject_of(endpoint),
                     .evidence = fmt::format("{} sends to {} for {}, {}; it is {}'s now", place(netns, *device),
                                             format_mac(neighbour.mac), format_ipv4(endpoint.address), why,
                                             format_mac(endpoint.mac)),
                     .command = forget(netns, *device, endpoint.address),
                     .about = about_of(endpoint)});
    }
  }
}

bool is_claimed_by(const EndpointStatus& endpoint, Mac mac) {
  return std::ranges::find(endpoint.claimants, mac, &ClaimantStatus::mac) != endpoint.claimants.end();
}

// For peers: their tables can't be read, but their who-has show the MAC that they still use.
void by_requests(const Endpoint& endpoint, Findings& out) {
  const auto& asked = endpoint.known->misdirected;
  if (!asked || asked->mac == endpoint.mac || is_claimed_by(*endpoint.known, asked->mac)) return;
  const auto* earlier = earlier_life(endpoint, asked->mac);
  out.push_back({.id = "old_mac",
                 .severity = asked->last_seconds_ago < kFresh ? Severity::warning : Severity::note,
                 .certainty = earlier != nullptr ? Certainty::likely : Certainty::possible,
                 .subject = subject_of(endpoint),
                 .evidence = fmt::format(
                     "{} who-has for {} were sent to another MAC than {}, last {} ago by {} to {}{}",
                     asked->times, format_ipv4(endpoint.address), format_mac(endpoint.mac),
                     duration(asked->last_seconds_ago), format_ipv4(asked->requester), format_mac(asked->mac),
                     earlier != nullptr
                         ? fmt::format(", which the address had until {} ago", duration(earlier->seconds_ago))
                         : std::string{": an entry that was not renewed"}),
                 .about = about_of(endpoint)});
}

}  // namespace

void old_mac(const Facts& facts, Findings& out) {
  for (const auto& endpoint : endpoints_of(facts)) {
    const auto before = out.size();
    by_neighbours(facts, endpoint, out);
    if (out.size() == before && endpoint.known != nullptr) by_requests(endpoint, out);
  }
}

}  // namespace arpline::doctor
