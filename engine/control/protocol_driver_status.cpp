// SPDX-License-Identifier: Apache-2.0
// What upkeep tells of itself.
#include <array>
#include <utility>

#include "control/protocol_driver.hpp"

namespace arpline {
namespace {

const char* word_of(PathState state) {
  switch (state) {
    case PathState::reachable:
      return "reachable";
    case PathState::suspect:
      return "suspect";
    case PathState::lost:
      return "lost";
    case PathState::sibling:
      return "sibling";
    case PathState::host:
      return "host";
    case PathState::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

void ProtocolDriver::describe(Id id, EndpointStatus& endpoint, std::uint64_t now) const {
  const auto view = protocol_.view(id, now);
  endpoint.announced_at = view.announced_at;
  endpoint.probing = view.probing;
  endpoint.conflict = {.gave_up = view.gave_up,
                       .moves_too_often = view.moves_too_often,
                       .silent = view.silent,
                       .defended_at = view.defended_at,
                       .defences = view.defences};
  if (view.path)
    endpoint.path = {.gateway = view.path->gateway,
                     .gateway_mac = view.path->gateway_mac,
                     .state = word_of(view.path->state),
                     .since = view.path->since,
                     .answered_at = view.path->answered_at,
                     .rtt_ns = view.path->rtt_ns,
                     .host_reaches = view.path->host_reaches,
                     .disputed_by = view.path->disputed_by,
                     .disputed_at = view.path->disputed_at};
  if (view.seen_outside)
    endpoint.seen_outside = {.first_at = view.seen_outside->first_at,
                             .last_at = view.seen_outside->last_at,
                             .times = view.seen_outside->times};
  for (auto& claimant : endpoint.claimants)
    claimant.origin = protocol_.claim_origin_of(claimant.mac, claimant.origin, now);
}

void ProtocolDriver::describe(ParentStatus& parent) const {
  const auto& counts = protocol_.counts();
  parent.sent = {.announcements = counts.announcements,
                 .defences = counts.defences,
                 .probes = counts.probes,
                 .asked = counts.asked};
  parent.announce = announce_;
}

}  // namespace arpline
