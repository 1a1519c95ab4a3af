// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <tuple>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/paths.hpp"

namespace arpline::doctor {
namespace {

using Key = std::tuple<const Parent*, std::uint16_t, Ipv4>;

std::string what_of_the_host(const PathStatus& path) {
  if (!path.host_reaches) return "whether it answers the host is not known";
  return "it does not answer the host either: the gateway itself, or its link";
}

// Runtimes configure a gateway also on networks that have none; it has never answered.
bool has_ever_answered(const std::vector<FailingPath>& paths) {
  for (const auto& one : paths)
    if (one.path->answered_seconds_ago) return true;
  return false;
}

void add_finding(const std::vector<FailingPath>& paths, Findings& out) {
  const auto& first = paths.front();
  const auto address = format_ipv4(first.path->gateway);
  About about{.parent = first.endpoint.parent->link.ifindex};
  for (const auto& one : paths) {
    const auto own = about_of(one.endpoint);
    about.devices.insert(about.devices.end(), own.devices.begin(), own.devices.end());
    about.addresses.insert(about.addresses.end(), own.addresses.begin(), own.addresses.end());
  }
  const auto others =
      paths.size() > 1 ? fmt::format(" and {} more that have it as their gateway", paths.size() - 1) : "";
  const bool was_there = has_ever_answered(paths);
  out.push_back({.id = "gateway_unreachable",
                 .severity = was_there ? Severity::critical : Severity::warning,
                 .certainty = first.path->host_reaches ? Certainty::likely : Certainty::possible,
                 .subject = fmt::format("{} on {}", address, visible(first.endpoint.parent->link.name)),
                 .evidence = fmt::format("the gateway of {}{}: {}; {}", subject_of(first.endpoint), others,
                                         silence_of(*first.path), what_of_the_host(*first.path)),
                 .about = std::move(about)});
}

}  // namespace

void gateway_unreachable(const Facts& facts, Findings& out) {
  std::map<Key, std::vector<FailingPath>> gateways;
  for (auto& one : failing_paths(facts, out)) {
    if (!one.reached_by.empty()) continue;
    gateways[{one.endpoint.parent, one.endpoint.known->vlan, one.path->gateway}].push_back(std::move(one));
  }
  for (const auto& [gateway, paths] : gateways) add_finding(paths, out);
}

}  // namespace arpline::doctor
