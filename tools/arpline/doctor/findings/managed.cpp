// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

// For a manager inside a container there is no command to run from here: the container's administrator has to
// change its files.
std::string inside(const ManagedBy& managed) {
  if (managed.pid == 0) return {};
  const auto where = fmt::format("; it is process {}, with files of its own: there, ", managed.pid);
  if (managed.who == Manager::network_manager) return where + "let it leave the interface alone";
  const auto file = managed.network_file.empty() ? "" : " in " + visible(drop_in_of(managed.network_file));
  return where + "KeepConfiguration=yes and IgnoreCarrierLoss=yes below [Network]" + file;
}

std::string consequence(const ManagedBy& managed, const ForeignText& interface) {
  if (managed.who == Manager::network_manager)
    return fmt::format("NetworkManager manages {}: with its profile go the link and the addresses",
                       visible(interface));
  return fmt::format(
      "systemd-networkd manages {} ({}): with the carrier go the addresses that it made, and what it did not "
      "make may go when it configures the interface anew",
      visible(interface), managed.network_file.empty() ? "its .network file" : visible(managed.network_file));
}

Command remedy(const ManagedBy& managed, const ForeignText& interface) {
  if (managed.pid != 0) return {};
  if (managed.who == Manager::network_manager)
    return Command{"nmcli device set ifname {} managed no", interface};
  if (managed.network_file.empty()) return {};
  const auto file = drop_in_of(managed.network_file);
  const ForeignText folder{file.raw().substr(0, file.raw().rfind('/'))};
  return Command{
      "mkdir -p {} && printf '[Network]\\nKeepConfiguration=yes\\nIgnoreCarrierLoss=yes\\n' > {} && "
      "networkctl reload",
      folder, file};
}

bool lost_something(const Parent& parent, const ForeignText& netns, const ForeignText& interface) {
  return std::ranges::any_of(
      parent.gone, [&](const GoneStatus& gone) { return gone.netns == netns && gone.interface == interface; });
}

bool is_in_the_way(const ManagedBy& managed) {
  return managed.who != Manager::none && !managed.keeps;
}

void look_at_child(const Child& child, Findings& out) {
  const auto& device = *child.device;
  if (!is_in_the_way(device.managed)) return;
  const bool trouble =
      !device.up || device.addresses.empty() || lost_something(*child.parent, child.netns->name, device.name);
  out.push_back({.id = "managed",
                 .severity = trouble ? Severity::warning : Severity::note,
                 .certainty = Certainty::certain,
                 .subject = place(child),
                 .evidence = consequence(device.managed, device.name) +
                             (trouble ? "; it is down, or has lost an address" : "") + inside(device.managed),
                 .command = remedy(device.managed, device.name),
                 .about = {.parent = child.parent->link.ifindex, .devices = {child.device}}});
}

void look_at_parent(const Parent& parent, Findings& out) {
  if (!is_in_the_way(parent.managed)) return;
  const bool trouble = !parent.link.up;
  out.push_back({.id = "managed",
                 .severity = trouble ? Severity::warning : Severity::note,
                 .certainty = Certainty::certain,
                 .subject = visible(parent.link.name),
                 .evidence = consequence(parent.managed, parent.link.name) +
                             (trouble ? "; it is down, and all containers with it" : "") +
                             inside(parent.managed),
                 .command = remedy(parent.managed, parent.link.name),
                 .about = {.parent = parent.link.ifindex}});
}

}  // namespace

void managed(const Facts& facts, Findings& out) {
  for (const auto& parent : facts.parents) look_at_parent(parent, out);
  for (const auto& child : containers_of(facts)) look_at_child(child, out);
}

}  // namespace arpline::doctor
