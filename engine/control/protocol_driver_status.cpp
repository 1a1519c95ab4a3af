// SPDX-License-Identifier: Apache-2.0
// The protocol machines' part of the status.
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

PathStatus status_of(const PathProber::View& path, Instant now) {
  PathStatus status{.gateway = path.gateway,
                    .gateway_mac = path.gateway_mac,
                    .state = word_of(path.state),
                    .since_seconds = seconds_ago(path.since, now),
                    .answered_seconds_ago = seconds_ago(path.answered_at, now),
                    .host_reaches = path.host_reaches,
                    .disputed_by = path.disputed_by,
                    .disputed_seconds_ago = seconds_ago(path.disputed_at, now)};
  if (path.answered_at != kNoTime) status.rtt_ms = in_milliseconds(path.rtt);
  return status;
}

}  // namespace

void ProtocolDriver::describe(Id id, EndpointStatus& endpoint, Instant now) const {
  const auto view = machines_->view(id, now);
  endpoint.announced_seconds_ago = seconds_ago(view.announced_at, now);
  endpoint.probing = view.probing;
  endpoint.conflict = {.gave_up = view.gave_up,
                       .moves_too_often = view.moves_too_often,
                       .silent = view.silent,
                       .defended_seconds_ago = seconds_ago(view.defended_at, now),
                       .defences = view.defences};
  if (view.path) endpoint.path = status_of(*view.path, now);
  if (view.seen_outside)
    endpoint.seen_outside = {.times = view.seen_outside->times,
                             .first_seconds_ago = seconds_ago(view.seen_outside->first_at, now).value_or(0),
                             .last_seconds_ago = seconds_ago(view.seen_outside->last_at, now).value_or(0)};
}

void ProtocolDriver::describe(ParentStatus& parent) const {
  parent.sent = sent();
  parent.announce = announce_;
}

SentCounters ProtocolDriver::sent() const {
  const auto& counts = machines_->counts();
  SentCounters sent;
#define ARPL_SENT(name, unit, description) sent.name = counts.name;
#include "shared/counters.def"
  return sent;
}

}  // namespace arpline
