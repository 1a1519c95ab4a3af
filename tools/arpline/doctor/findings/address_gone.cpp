// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

bool anybody_has(const Facts& facts, Ipv4 address) {
  return std::ranges::any_of(near_namespaces(facts), [&](const NetnsFacts* netns) {
    return std::ranges::any_of(netns->devices, [&](const Device& device) {
      return std::ranges::find(device.addresses, address, &InterfaceAddress::address) != device.addresses.end();
    });
  });
}

std::string trail_of(const GoneStatus& gone) {
  std::string text = gone.reason;
  if (gone.trail.empty()) return text + fmt::format(", {} ago", duration(gone.seconds_ago));
  for (const auto& step : gone.trail)
    text += fmt::format("; {} {} ago", step.event, duration(step.seconds_ago));
  return text;
}

Command add_again(const Child& child, Ipv4 address, unsigned prefix_bits) {
  if (prefix_bits == 0) return {};
  return Command{"{}ip addr add {}/{} dev {}", child.netns->enter, format_ipv4(address), prefix_bits,
                 child.device->name};
}

Finding lost(const Child& child, Ipv4 address, unsigned prefix_bits, const std::string& evidence) {
  return {.id = "address_gone",
          .severity = Severity::critical,
          .certainty = Certainty::certain,
          .subject = fmt::format("{} ({})", place(child), format_ipv4(address)),
          .evidence = evidence,
          .command = add_again(child, address, prefix_bits),
          .about = {.parent = child.parent->link.ifindex, .devices = {child.device}, .addresses = {address}}};
}

// The container still exists and has lost its address.
void by_tombstones(const Facts& facts, const Child& child, Findings& out) {
  for (const auto& gone : child.parent->gone) {
    if (gone.netns != child.netns->name || gone.interface != child.device->name) continue;
    if (anybody_has(facts, gone.address)) continue;
    out.push_back(
        lost(child, gone.address, gone.prefix_bits,
             fmt::format("{} is on no interface any more: {}", format_ipv4(gone.address), trail_of(gone))));
    return;  // only the newest record counts
  }
}

// No daemon recorded the loss, but the maps still hold the address of the interface with this MAC.
void by_maps(const Facts& facts, const Child& child, Findings& out) {
  if (child.parent->daemon == Daemon::answers) return;
  for (const auto& endpoint : child.parent->endpoints) {
    if (endpoint.mac != child.device->mac || endpoint.vlan != child.vlan) continue;
    if (anybody_has(facts, endpoint.address)) continue;
    out.push_back(
        lost(child, endpoint.address, endpoint.prefix_bits,
             fmt::format("arpline's maps say that {} had {}; now it is on no interface. When it went is "
                         "not known: no arplined watched",
                         format_mac(child.device->mac), format_ipv4(endpoint.address))));
  }
}

Finding nobody_has(Ipv4 address, const std::string& evidence) {
  return {.id = "address_gone",
          .severity = Severity::warning,
          .certainty = Certainty::certain,
          .subject = format_ipv4(address),
          .evidence = "no interface of the host or of a container on its parents has this address: " + evidence,
          .command = {},
          .about = {.addresses = {address}}};
}

// The user gave the address itself, so that an address of a container that has ended is a finding too.
void asked_for(const Facts& facts, Findings& out) {
  const auto address = parse_ipv4(facts.asked);
  if (!address || anybody_has(facts, *address)) return;
  const auto told = std::ranges::any_of(out, [&](const Finding& finding) {
    return std::ranges::find(finding.about.addresses, *address) != finding.about.addresses.end();
  });
  if (told) return;
  for (const auto& parent : facts.parents) {
    const auto gone = std::ranges::find(parent.gone, *address, &GoneStatus::address);
    if (gone == parent.gone.end()) continue;
    out.push_back(nobody_has(
        *address, fmt::format("it was on {}/{} ({}) on {}: {}", visible(gone->netns), visible(gone->interface),
                              format_mac(gone->mac), visible(parent.link.name), trail_of(*gone))));
    return;
  }
  out.push_back(nobody_has(*address, "what became of it, or whether it ever was here, is not known"));
}

// arpline has no record of an address on this interface; reported only when the user asks for the interface.
void never_seen(const Facts& facts, const Child& child, Findings& out) {
  if (facts.asked.empty() || child.device->kind != "macvlan" || !child.device->addresses.empty()) return;
  out.push_back({.id = "address_gone",
                 .severity = Severity::warning,
                 .certainty = Certainty::possible,
                 .subject = place(child),
                 .evidence = "the interface has no IPv4 address; nothing is known of one that it had",
                 .command = {},
                 .about = {.parent = child.parent->link.ifindex, .devices = {child.device}}});
}

}  // namespace

void address_gone(const Facts& facts, Findings& out) {
  for (const auto& child : containers_of(facts)) {
    const auto before = out.size();
    by_tombstones(facts, child, out);
    if (out.size() == before) by_maps(facts, child, out);
    if (out.size() == before) never_seen(facts, child, out);
  }
  asked_for(facts, out);
}

}  // namespace arpline::doctor
