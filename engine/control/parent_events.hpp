// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "control/endpoint_registry.hpp"
#include "control/line_pace.hpp"
#include "control/parent_state.hpp"
#include "control/protocol_driver.hpp"
#include "endpoints/claims.hpp"

namespace arpline {

/// Handles the events of a parent's programs: claims of its endpoints' addresses, own MACs that come in from
/// the wire, answers to probes, strangers. Its log lines are limited, by sender and in all.
class ParentEvents {
 public:
  /// All arguments outlive it.
  ParentEvents(const ParentState& state, EndpointRegistry& registry, ProtocolDriver& protocol, Claims& claims);

  /// True when ProtocolDriver::run() may have something to do now.
  bool on(const arpl_event& event, Instant now);
  /// True when a stranger was seen since the last call: there may be a child that was not found.
  bool take_stranger() noexcept { return std::exchange(stranger_, false); }

 private:
  void on_own_mac(const arpl_event& event);
  void on_claim(const arpl_event& event);

  const ParentState& state_;
  EndpointRegistry& registry_;
  ProtocolDriver& protocol_;
  Claims& claims_;
  LinePace claim_pace_;
  LinePace own_mac_pace_;
  bool stranger_ = false;
};

}  // namespace arpline
