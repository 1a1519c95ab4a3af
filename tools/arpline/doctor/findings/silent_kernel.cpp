// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

constexpr int kAnswerNothing = 8;
constexpr int kOnlyFromTheSubnet = 2;
constexpr int kStrict = 1;

struct Cause {
  Severity severity = Severity::critical;
  Certainty certainty = Certainty::certain;
  std::string evidence;
  Command command;
};

// Resets those of conf/all and the interface's own setting that cause the silence.
Command reset(const Child& child, const char* key, int all, int own, int unwanted) {
  Command command;
  if (all == unwanted) command = set_sysctl(*child.netns, "all", key, 0);
  if (own == unwanted) command = then(command, set_sysctl(*child.netns, child.device->name, key, 0));
  return command;
}

std::string both(const char* key, int all, int own) {
  return fmt::format("{} is {} (conf/all {}, the interface {})", key, std::max(all, own), all, own);
}

// Settings that silence the kernel for all requesters; reported even if no who-has has come.
std::optional<Cause> for_everybody(const Child& child) {
  const auto& [netns, device] = std::tie(*child.netns, *child.device);
  if (device.noarp)
    return Cause{.evidence = "the interface has ARP switched off (NOARP)",
                 .command = Command{"{}ip link set dev {} arp on", netns.enter, device.name}};
  if (arp_ignore(netns, device) == kAnswerNothing)
    return Cause{
        .evidence = both("arp_ignore", netns.all.arp_ignore, device.arp_ignore) + ": the kernel answers nobody",
        .command = reset(child, "arp_ignore", netns.all.arp_ignore, device.arp_ignore, kAnswerNothing)};
  return std::nullopt;
}

bool in_a_subnet(const Device& device, Ipv4 requester) {
  return std::ranges::any_of(device.addresses,
                             [&](const InterfaceAddress& address) { return covers(address, requester); });
}

// Settings that silence the kernel for requesters outside the subnet; checked for the last requester.
std::optional<Cause> for_requester(const Child& child, const EndpointStatus& endpoint) {
  const auto& [netns, device] = std::tie(*child.netns, *child.device);
  const auto requester = endpoint.last_requester.value_or(0);
  if (requester == 0 || in_a_subnet(device, requester)) return std::nullopt;
  const auto who = fmt::format("{} ({}) asks from outside the interface's subnets", format_ipv4(requester),
                               format_mac(endpoint.last_requester_mac.value_or(0)));
  if (arp_ignore(netns, device) == kOnlyFromTheSubnet)
    return Cause{
        .severity = Severity::warning,
        .evidence = who + "; " + both("arp_ignore", netns.all.arp_ignore, device.arp_ignore),
        .command = reset(child, "arp_ignore", netns.all.arp_ignore, device.arp_ignore, kOnlyFromTheSubnet)};
  const auto* route = route_to(netns, requester);
  if (rp_filter(netns, device) != kStrict || (route != nullptr && route->ifindex == device.ifindex))
    return std::nullopt;
  return Cause{
      .severity = Severity::warning,
      .evidence = fmt::format("{}; {}, and the way back to it is not {}", who,
                              both("rp_filter", netns.all.rp_filter, device.rp_filter), visible(device.name)),
      .command = Command{"{}ip route add {}/32 dev {}", netns.enter, format_ipv4(requester), device.name}};
}

bool is_full(const Facts& facts) {
  const auto& table = facts.neighbours;
  return table && table->limit > 0 && counted_neighbours(facts) >= table->limit - table->limit / 10;
}

std::optional<Cause> unanswered(const Facts& facts, const EndpointStatus& endpoint) {
  if (endpoint.reason != "unanswered") return std::nullopt;
  if (is_full(facts))
    return Cause{
        .certainty = Certainty::likely,
        .evidence = fmt::format("three requests in a row were not answered, and the neighbour table has "
                                "{} of {} entries: without room for the requester the kernel is silent",
                                counted_neighbours(facts), facts.neighbours->limit)};
  return Cause{.evidence =
                   "three requests in a row were not answered, and no setting of its kernel says why: look "
                   "for a packet filter in the container (nft, arptables, tc)"};
}

void add(const Child& child, Ipv4 address, const EndpointStatus* endpoint, Cause cause, Findings& out) {
  if (endpoint != nullptr && endpoint->last_asked_seconds_ago)
    cause.evidence += fmt::format("; last asked for {} ago by {}", duration(*endpoint->last_asked_seconds_ago),
                                  format_ipv4(endpoint->last_requester.value_or(0)));
  out.push_back({.id = "silent_kernel",
                 .severity = cause.severity,
                 .certainty = cause.certainty,
                 .subject = fmt::format("{} ({})", place(child), format_ipv4(address)),
                 .evidence = std::move(cause.evidence),
                 .command = std::move(cause.command),
                 .about = {.parent = child.parent->link.ifindex, .devices = {child.device}}});
}

void look_at(const Facts& facts, const Child& child, Ipv4 address, Findings& out) {
  const auto* endpoint = known(child, address);
  auto cause = for_everybody(child);
  if (!cause && endpoint != nullptr) cause = for_requester(child, *endpoint);
  if (!cause && endpoint != nullptr) cause = unanswered(facts, *endpoint);
  if (cause) add(child, address, endpoint, std::move(*cause), out);
}

}  // namespace

void silent_kernel(const Facts& facts, Findings& out) {
  for (const auto& child : containers_of(facts)) {
    if (!child.device->up) continue;
    for (const auto& address : child.device->addresses) look_at(facts, child, address.address, out);
  }
}

}  // namespace arpline::doctor
