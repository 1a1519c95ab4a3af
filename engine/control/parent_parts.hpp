// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/attachment.hpp"
#include "control/change_log.hpp"
#include "control/egress_health.hpp"
#include "control/fast_path_health.hpp"
#include "control/group_watch.hpp"
#include "control/hidden_tags.hpp"
#include "control/neighbours.hpp"
#include "control/parent_events.hpp"
#include "control/parent_worker.hpp"
#include "control/program_settings.hpp"
#include "control/protocol_driver.hpp"
#include "kernel/refused.hpp"
#include "report/metrics.hpp"
#include "report/status.hpp"

namespace arpline {

/// The objects that a parent shares with the daemon's other parents; they outlive it.
struct SharedParts {
  ServiceFactory factory;
  OpenNetns open_netns;
  History& history;
  Neighbours& neighbours;
  Refused& refused;
  Leases& leases;
};

/// A parent's parts, each with one job, in the order of their dependencies: the attachment is made first and
/// destroyed last. A part refers to the state and to the parts that it is given, never to ServedParent, which
/// drives them.
struct ParentParts {
  /// Locks the parent and loads the programs; attaches nothing yet. Throws SetupError.
  ParentParts(ParentState initial, SharedParts others);
  ParentParts(const ParentParts&) = delete;
  ParentParts& operator=(const ParentParts&) = delete;
  ~ParentParts() = default;

  ParentState state;
  SharedParts shared;
  Netlink route;
  Attachment attachment;
  ProgramSettings settings;
  FastPathHealth fast_path;
  EgressHealth egress;
  HiddenTags tags;
  EndpointRegistry registry;
  GroupWatch groups;
  ProtocolDriver protocol;
  ParentWorker worker;
  Claims claims;
  ChangeLog changes;
  ParentEvents events;
};

/// A parent's status without the senders. Throws SetupError.
ParentStatus status_of(const ParentParts& parts);

/// A parent's metrics without the summaries and what only the daemon knows; series of their own for as many
/// endpoints as `most`, those that have been in the table for longest. Throws SetupError.
MetricsAnswer metrics_of(const ParentParts& parts, std::size_t most);

}  // namespace arpline
