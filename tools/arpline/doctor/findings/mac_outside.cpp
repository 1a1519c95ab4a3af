// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "arpline/doctor/endpoints.hpp"
#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

constexpr double kOld = 3600;

// A MAC of no container here, such as a VM's VF, may send from the wire's side of the parent legitimately.
Severity severity_of(const Endpoint& endpoint) {
  return endpoint.child && endpoint.known->seen_outside->last_seconds_ago < kOld ? Severity::warning
                                                                                 : Severity::note;
}

// An upper device of the child shares its MAC legitimately.
bool stands_on(const Device& device, const Child& child) {
  return device.lower == child.device->ifindex && !device.lower_in_host;
}

// Another interface of this host with the same MAC; empty: none. In mode passthru the parent shares its child's
// MAC.
Owner twin_of(const Facts& facts, const Endpoint& endpoint) {
  if (endpoint.mac == endpoint.parent->link.mac) return {};
  for (const auto& netns : facts.namespaces) {
    for (const auto& device : netns.devices) {
      const bool itself =
          endpoint.child && (endpoint.child->device == &device ||
                             (endpoint.child->netns == &netns && stands_on(device, *endpoint.child)));
      if (device.mac == endpoint.mac && !device.loopback && !itself) return {&netns, &device};
    }
  }
  return {};
}

// In mode vepa the switch returns the container's own frames.
bool comes_back_by_right(const Endpoint& endpoint) {
  return endpoint.child && endpoint.child->device->mode == MacvlanMode::vepa;
}

}  // namespace

void mac_outside(const Facts& facts, Findings& out) {
  for (const auto& endpoint : endpoints_of(facts)) {
    if (endpoint.known == nullptr || !endpoint.known->seen_outside || comes_back_by_right(endpoint)) continue;
    const auto& seen = *endpoint.known->seen_outside;
    const auto [netns, device] = twin_of(facts, endpoint);
    const auto why = device != nullptr
                         ? fmt::format("{} has the same MAC", place(*netns, *device))
                         : std::string{
                               "another station has the same MAC, or a loop brings its frames back; the "
                               "switch learns it now at one port, now at another"};
    out.push_back(
        {.id = "mac_outside",
         .severity = severity_of(endpoint),
         .certainty = Certainty::certain,
         .subject = subject_of(endpoint),
         .evidence = fmt::format("{} came in from the wire as a source {} time{}, first {} ago, last "
                                 "{} ago: {}",
                                 format_mac(endpoint.mac), seen.times, seen.times == 1 ? "" : "s",
                                 duration(seen.first_seconds_ago), duration(seen.last_seconds_ago), why),
         .about = about_of(endpoint)});
  }
}

}  // namespace arpline::doctor
