// SPDX-License-Identifier: Apache-2.0
// A parent's status: the content of its maps, and the state of its parts.
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "control/gather.hpp"
#include "control/parent_parts.hpp"

namespace arpline {
namespace {

void describe_endpoints(const ParentParts& parts, ParentStatus& status, Instant now) {
  const auto& entries = parts.registry.table().entries();
  for (auto& endpoint : status.endpoints) {
    const arpl_endpoint_key key{.address = endpoint.address, .vlan = endpoint.vlan, .zero = 0};
    for (const auto& claimant : parts.claims.of(key))
      endpoint.claimants.push_back(
          claimant_status(claimant, parts.protocol.claim_origin_of(claimant, now), now));
    const auto it = entries.find(key);
    if (it == entries.end()) continue;
    const auto& [slot, desired] = it->second;
    endpoint.netns = desired.netns;
    endpoint.interface = desired.interface;
    endpoint.also_at = desired.also_at;
    endpoint.heard_at_ns = raw(desired.heard_at);
    parts.protocol.describe(slot, endpoint, now);
    const auto word = parts.attachment.maps().slots()[slot].word;
    if ((word & ARPL_SLOT_FLAGS_MASK) != 0 && desired.settings)
      endpoint.trail = trail_status(parts.shared.history.life_of(*desired.settings), now);
  }
}

// Names the claimants that are on this host.
void name_claimants(const EndpointRegistry& registry, ParentStatus& status) {
  const auto is_claimed = [](const EndpointStatus& endpoint) { return !endpoint.claimants.empty(); };
  if (std::ranges::none_of(status.endpoints, is_claimed)) return;
  const auto owners = registry.owners();
  for (auto& endpoint : status.endpoints)
    for (auto& claimant : endpoint.claimants)
      if (const auto owner = owners.find(claimant.mac); owner != owners.end())
        claimant.place = place_of(owner->second);
}

void warn_of_endpoints(const EndpointRegistry& registry, std::vector<std::string>& warnings) {
  for (const auto& [netns, addresses] : registry.waiting()) {
    warnings.push_back(
        fmt::format("{} addresses of {} find no room: the table has {}, and one namespace gets {} of them",
                    addresses, visible(netns), ARPL_MAX_ENDPOINTS, EndpointRegistry::kShare));
  }
  for (const auto mac : registry.shared())
    warnings.push_back(
        fmt::format("{} of {} is also a station's on the wire: its frames are answered as any other's",
                    format_mac(mac), place_of(registry.owner_of(mac))));
}

std::vector<std::string> warnings_of(const ParentParts& parts) {
  std::vector<std::string> warnings;
  const auto& worker = parts.worker;
  parts.egress.warn(warnings);
  parts.tags.warn(warnings);
  parts.fast_path.warn(warnings);
  if (!worker.ring_complaint().empty())
    warnings.push_back("no ring although one is wanted: " + worker.ring_complaint());
  parts.groups.warn(warnings);
  warn_of_endpoints(parts.registry, warnings);
  if (parts.protocol.is_too_slow())
    warnings.emplace_back("announce.pps does not suffice to announce every endpoint once per announce.refresh");
  if (const auto full = parts.shared.neighbours.warning(); !full.empty()) warnings.push_back(full);
  if (const auto frames = worker.not_handed_over(); frames > 0)
    warnings.push_back(fmt::format("{} frames for the kernel found no room on their way to it", frames));
  if (worker.service() != nullptr && worker.queues() == 0 && !parts.fast_path.on() &&
      !parts.state.can_have_ring())
    warnings.emplace_back("no ring on this kind of parent: TO_CHILD and announcements only");
  return warnings;
}

}  // namespace

ParentStatus status_of(const ParentParts& parts) {
  const auto now = Clock::now();
  const auto& link = parts.state.link;
  auto status = gather(parts.attachment.maps(), link.name, link.ifindex, parts.attachment.folder(), now);
  status.daemon = true;
  status.queues = parts.worker.queues();
  const auto lost = parts.worker.lost_orders();
  status.counters.announcements_lost = lost.announcements;
  status.counters.probes_lost = lost.probes;
  status.egress = parts.egress.text();
  status.counters.egress_attached_again = parts.egress.put_back();
  status.driver.reflect_refused = parts.shared.refused.count(link.ifindex);
  if (const auto off = parts.fast_path.off_because(); !off.empty()) status.fast_path = off;
  for (const auto& spec : limit_specs())
    status.limits.insert_or_assign(std::string{spec.name}, parts.settings.limits().rate(spec));
  status.found = parts.changes.found().status();
  status.withdrawn = parts.changes.withdrawals().status();
  describe_endpoints(parts, status, now);
  status.neighbours = parts.shared.neighbours.status(parts.settings.neighbour_fit());
  parts.protocol.describe(status);
  name_claimants(parts.registry, status);
  status.warnings = warnings_of(parts);
  return status;
}

}  // namespace arpline
