// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>

#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

// arplined has finished its own probes long before; a path that is suspect for longer counts as lost.
constexpr double kLongSuspect = 10;

constexpr std::array<std::string_view, 2> kExplain{"interface_down", "wrong_parent"};

bool fails(const PathStatus& path) {
  return path.state == "lost" || (path.state == "suspect" && path.since_seconds > kLongSuspect);
}

bool is_explained(const Findings& earlier, const Endpoint& endpoint) {
  return std::ranges::any_of(earlier, [&](const Finding& finding) {
    const auto& devices = finding.about.devices;
    return std::ranges::find(kExplain, finding.id) != kExplain.end() &&
           finding.about.parent == endpoint.parent->link.ifindex &&
           (devices.empty() ||
            (endpoint.child && std::ranges::find(devices, endpoint.child->device) != devices.end()));
  });
}

using Gateway = std::tuple<const Parent*, std::uint16_t, Ipv4>;

Gateway gateway_of(const Endpoint& endpoint) {
  return {endpoint.parent, endpoint.known->vlan, endpoint.known->path->gateway};
}

// The endpoint that each gateway answered last.
std::map<Gateway, const Endpoint*> last_answered(const std::vector<Endpoint>& endpoints) {
  std::map<Gateway, const Endpoint*> last;
  for (const auto& endpoint : endpoints) {
    if (endpoint.known == nullptr || !endpoint.known->path || endpoint.known->path->state != "reachable" ||
        !endpoint.known->path->answered_seconds_ago)
      continue;
    auto& best = last[gateway_of(endpoint)];
    if (best == nullptr ||
        *endpoint.known->path->answered_seconds_ago < *best->known->path->answered_seconds_ago)
      best = &endpoint;
  }
  return last;
}

}  // namespace

std::vector<FailingPath> failing_paths(const Facts& facts, const Findings& earlier) {
  const auto endpoints = endpoints_of(facts);
  const auto last = last_answered(endpoints);
  std::vector<FailingPath> failing;
  for (const auto& endpoint : endpoints) {
    if (endpoint.known == nullptr || !endpoint.known->path || !fails(*endpoint.known->path) ||
        is_explained(earlier, endpoint))
      continue;
    const auto& path = *endpoint.known->path;
    FailingPath one{.endpoint = endpoint, .path = &path};
    const auto sibling = last.find(gateway_of(endpoint));
    if (path.host_reaches == true)
      one.reached_by = visible(endpoint.parent->link.name) + " itself";
    else if (sibling != last.end() && *sibling->second->known->path->answered_seconds_ago < path.since_seconds)
      one.reached_by = subject_of(*sibling->second);
    failing.push_back(std::move(one));
  }
  return failing;
}

std::string silence_of(const PathStatus& path) {
  const auto gateway = format_ipv4(path.gateway);
  if (!path.answered_seconds_ago)
    return fmt::format("{} has never answered it, and it has been asked for {}", gateway,
                       duration(path.since_seconds.value_or(0)));
  auto text = fmt::format("{} ({}) has not answered it for {}", gateway, format_mac(path.gateway_mac),
                          duration(*path.answered_seconds_ago));
  if (path.rtt_ms) text += fmt::format("; the last answer took {:.2f} ms", *path.rtt_ms);
  return text;
}

}  // namespace arpline::doctor
