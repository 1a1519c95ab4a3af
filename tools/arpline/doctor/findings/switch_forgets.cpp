// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <linux/neighbour.h>

#include <algorithm>
#include <cmath>

#include "arpline/doctor/endpoints.hpp"
#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

constexpr double kSwitchRemembers = 300;  // seconds: the default of IEEE 802.1Q and of most switches
constexpr int kMostArpIgnore = 2;         // above it the kernel answers only some or none

Command reload_with_pps(std::uint64_t pps) {
  return Command{"arpline reload  # with pps = {} below [announce] in arplined's configuration", pps};
}

Command reload_with_refresh() {
  return Command{"arpline reload  # with refresh = \"60s\" below [announce] in arplined's configuration"};
}

bool is_told_by_its_path(const EndpointStatus& endpoint) {
  return endpoint.path && endpoint.path->answered_seconds_ago &&
         *endpoint.path->answered_seconds_ago < kSwitchRemembers;
}

// An endpoint that is not served has a finding of its own.
bool counts(const Endpoint& endpoint) {
  const bool silent =
      endpoint.child && (arp_ignore(*endpoint.child->netns, *endpoint.child->device) > kMostArpIgnore ||
                         endpoint.child->device->noarp);
  return endpoint.known != nullptr && endpoint.known->reason.empty() && !endpoint.known->probing && !silent &&
         !endpoint.known->conflict.gave_up && !endpoint.known->conflict.moves_too_often;
}

struct Cause {
  std::string evidence;
  Command command;
};

std::optional<Cause> in_configuration(const AnnounceStatus& announce, std::size_t endpoints) {
  if (announce.pps == 0) return Cause{"announce.pps is 0: nothing is announced", reload_with_pps(100)};
  if (announce.refresh_seconds == 0)
    return Cause{"announce.refresh is 0: nothing is announced again after a change", reload_with_refresh()};
  if (announce.refresh_seconds > kSwitchRemembers)
    return Cause{fmt::format("announce.refresh is {}", duration(announce.refresh_seconds)),
                 reload_with_refresh()};
  const double round = static_cast<double>(endpoints) / static_cast<double>(announce.pps);
  if (round <= kSwitchRemembers) return std::nullopt;
  const double needed = std::ceil(static_cast<double>(endpoints) / announce.refresh_seconds);
  return Cause{fmt::format("{} endpoints at announce.pps = {} take {} for one round, not {}", endpoints,
                           announce.pps, duration(round), duration(announce.refresh_seconds)),
               reload_with_pps(static_cast<std::uint64_t>(needed))};
}

// Seconds for which arpline has at least known the endpoint; 0: unknown.
double known_for(const Endpoint& endpoint) {
  const auto heard = endpoint.known->heard_at_ns;
  if (heard == 0) return endpoint.parent->daemon_seconds.value_or(0);
  return seconds_ago(instant_from_raw(heard), endpoint.parent->answered_at).value_or(0);
}

std::string last_announced(const EndpointStatus& endpoint) {
  if (!endpoint.announced_seconds_ago) return "it has never been announced";
  return fmt::format("it was announced {} ago", duration(*endpoint.announced_seconds_ago));
}

void one_by_one(const std::vector<Endpoint>& endpoints, Findings& out) {
  for (const auto& endpoint : endpoints) {
    if (endpoint.known->announced_seconds_ago.value_or(known_for(endpoint)) <= kSwitchRemembers) continue;
    out.push_back(
        {.id = "switch_forgets",
         .severity = Severity::warning,
         .certainty = Certainty::possible,
         .subject = subject_of(endpoint),
         .evidence = fmt::format("{}, and switches forget a MAC that was silent for {:.0f} s: look for "
                                 "arplined's log lines about lost announcements",
                                 last_announced(*endpoint.known), kSwitchRemembers),
         .about = about_of(endpoint)});
  }
}

void announced(const Parent& parent, const std::vector<Endpoint>& endpoints, Findings& out) {
  std::vector<Endpoint> quiet;
  std::size_t all = 0;
  for (const auto& endpoint : endpoints) {
    if (endpoint.parent != &parent || !counts(endpoint)) continue;
    ++all;
    if (!is_told_by_its_path(*endpoint.known)) quiet.push_back(endpoint);
  }
  if (quiet.empty()) return;
  const auto cause = in_configuration(*parent.announce, all);
  if (!cause) return one_by_one(quiet, out);
  out.push_back({.id = "switch_forgets",
                 .severity = Severity::warning,
                 .certainty = Certainty::possible,
                 .subject = visible(parent.link.name),
                 .evidence = fmt::format("{}; switches forget a MAC that was silent for {:.0f} s, and {} "
                                         "endpoint{} no gateway that answers either",
                                         cause->evidence, kSwitchRemembers, quiet.size(),
                                         quiet.size() == 1 ? " has" : "s have"),
                 .command = cause->command,
                 .about = {.parent = parent.link.ifindex}});
}

// A container that has just sent frames to a neighbour has refreshed the switch's entry itself.
bool is_silent(const Child& child) {
  constexpr unsigned kTalking = NUD_REACHABLE | NUD_DELAY | NUD_PROBE;
  return std::ranges::none_of(child.netns->neighbours, [&](const Neighbour& neighbour) {
    return neighbour.ifindex == child.device->ifindex && (neighbour.state & kTalking) != 0;
  });
}

bool has_a_finding(const Findings& out, const Device* device) {
  return std::ranges::any_of(out, [&](const Finding& finding) {
    return std::ranges::find(finding.about.devices, device) != finding.about.devices.end();
  });
}

// Most containers work without announcements: reported only when the user asks for this one and no worse
// finding concerns it.
void by_nobody(const Facts& facts, const Parent& parent, const std::vector<Endpoint>& endpoints,
               Findings& out) {
  if (facts.asked.empty()) return;
  for (const auto& endpoint : endpoints) {
    if (endpoint.parent != &parent || !endpoint.child || !endpoint.child->device->up ||
        !is_silent(*endpoint.child) || has_a_finding(out, endpoint.child->device))
      continue;
    out.push_back({.id = "switch_forgets",
                   .severity = Severity::note,
                   .certainty = Certainty::possible,
                   .subject = subject_of(endpoint),
                   .evidence = fmt::format(
                       "it has not spoken to anybody lately, and {}: after {:.0f} s a switch forgets {}",
                       parent.observe ? "arplined only looks on" : "no arplined announces it", kSwitchRemembers,
                       format_mac(endpoint.mac)),
                   .about = about_of(endpoint)});
  }
}

}  // namespace

void switch_forgets(const Facts& facts, Findings& out) {
  const auto endpoints = endpoints_of(facts);
  for (const auto& parent : facts.parents) {
    if (parent.daemon != Daemon::answers || parent.observe)
      by_nobody(facts, parent, endpoints, out);
    else if (parent.announce)
      announced(parent, endpoints, out);
  }
}

}  // namespace arpline::doctor
