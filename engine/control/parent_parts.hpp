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
#include "report/status.hpp"

namespace arpline {

/// What a parent shares with the daemon's other parents; outlives it.
struct SharedParts {
  ServiceFactory factory;
  OpenNetns open_netns;
  History& history;
  Neighbours& neighbours;
  Refused& refused;
  Leases& leases;
};

/// A parent's parts, each with one job, in the order in which they need each other: the attachment is made
/// first and goes last. They know the state and the parts that they are given, not their conductor
/// (ServedParent).
struct ParentParts {
  /// Locks and loads; attaches nothing. Throws SetupError.
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

/// All that is to be said of a parent but the senders. Throws SetupError.
ParentStatus status_of(const ParentParts& parts);

}  // namespace arpline
