// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/findings.hpp"

#include <algorithm>
#include <array>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"
#include "base/error.hpp"

namespace arpline::doctor {
namespace {

// In the order in which an operator would check; findings of equal severity keep it. A finding that explains a
// silent gateway comes before gateway_unreachable.
constexpr std::array kAll{interface_down,   address_gone,        address_elsewhere, wrong_parent,   duplicate,
                          address_claimed,  proxy_arp,           old_mac,           silent_kernel,  flux,
                          switch_drops_mac, gateway_unreachable, mac_outside,       switch_forgets, managed,
                          broadcast_queue,  neighbour_table,     stale_lease,       hidden_egress,  generic_xdp,
                          vlan_offload};

// The interfaces and addresses that an ENDPOINT argument selects.
struct Selection {
  std::vector<const Device*> devices;
  std::vector<int> parents;
  std::vector<int> whole_parents;  // asked for by their own name
};

// True for the raw name and for the name as arpline prints it.
bool is_asked(const Facts& facts, const ForeignText& name) {
  return facts.asked == name.raw() || facts.asked == visible(name);
}

bool is_named(const Facts& facts, const NetnsFacts& netns, const Device& device) {
  if (is_asked(facts, device.name) || is_asked(facts, netns.name)) return true;
  if (!netns.target.empty() && is_asked(facts, netns.target)) return true;
  if (const auto mac = parse_mac(facts.asked)) return device.mac == *mac && !device.loopback;
  const auto address = parse_ipv4(facts.asked);
  return address &&
         std::ranges::find(device.addresses, *address, &InterfaceAddress::address) != device.addresses.end();
}

Selection select(const Facts& facts) {
  Selection selection;
  for (const auto& child : children_of(facts)) {
    if (!is_named(facts, *child.netns, *child.device)) continue;
    selection.devices.push_back(child.device);
    selection.parents.push_back(child.parent->link.ifindex);
  }
  for (const auto& parent : facts.parents)
    if (is_asked(facts, parent.link.name)) selection.whole_parents.push_back(parent.link.ifindex);
  // The address may be on another interface of the container.
  for (const auto* netns : near_namespaces(facts))
    for (const auto& device : netns->devices)
      if (!netns->own && is_named(facts, *netns, device)) selection.devices.push_back(&device);
  return selection;
}

bool has(const auto& list, const auto& value) {
  return std::ranges::find(list, value) != list.end();
}

bool belongs_to(const Finding& finding, const Selection& selection, std::optional<Ipv4> address) {
  const auto& about = finding.about;
  if (about.parent != 0 && has(selection.whole_parents, about.parent)) return true;
  if (address && has(about.addresses, *address)) return true;
  if (about.devices.empty() && about.addresses.empty())
    return about.parent == 0 || has(selection.parents, about.parent);
  return std::ranges::any_of(about.devices,
                             [&](const Device* device) { return has(selection.devices, device); });
}

void keep_asked_for(const Facts& facts, Findings& findings) {
  const auto address = parse_ipv4(facts.asked);
  const auto selection = select(facts);
  const bool known = address || !selection.devices.empty() || !selection.whole_parents.empty();
  if (!known && facts.asked.find_first_not_of("0123456789.") == std::string::npos)
    throw SetupError(facts.asked + " is no IPv4 address");
  if (!known)
    throw SetupError(facts.asked +
                     ": no macvlan interface, MAC address, namespace or parent of that name can be reached; "
                     "`arpline doctor` without it looks at all");
  std::erase_if(findings, [&](const Finding& finding) { return !belongs_to(finding, selection, address); });
}

}  // namespace

Findings examine(const Facts& facts) {
  Findings findings;
  for (const auto find : kAll) find(facts, findings);
  if (!facts.asked.empty()) keep_asked_for(facts, findings);
  std::ranges::stable_sort(findings, std::ranges::greater{}, &Finding::severity);
  return findings;
}

int exit_code(const Findings& findings) {
  constexpr int kWarning = 1;
  constexpr int kCritical = 2;
  int code = 0;
  for (const auto& finding : findings) {
    if (finding.severity == Severity::critical) return kCritical;
    if (finding.severity == Severity::warning) code = kWarning;
  }
  return code;
}

}  // namespace arpline::doctor
