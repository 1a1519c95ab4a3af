// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "control/endpoint_registry.hpp"
#include "control/line_pace.hpp"
#include "control/parent_state.hpp"
#include "control/protocol_driver.hpp"
#include "endpoints/claims.hpp"

namespace arpline {

/// Takes in what a parent's programs tell: claims of its endpoints' addresses, own MACs that come in from the
/// wire, answers to probes, MACs that nobody knows. What it logs is bounded, by sender and over all.
class ParentEvents {
 public:
  /// All outlive it.
  ParentEvents(const ParentState& state, EndpointRegistry& registry, ProtocolDriver& protocol, Claims& claims);

  /// True when the protocol may have something to do now.
  bool on(const arpl_event& event, std::uint64_t now);
  /// A MAC that nobody knows was seen since the last call: there may be a child that was not found.
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
