// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/announced_endpoint.hpp"
#include "shared/reply.h"

namespace arpline {

/// The reason for a frame.
enum class Purpose : std::uint8_t {
  announce,     ///< RFC 5227 section 2.3
  defend,       ///< RFC 5227 section 2.4: an announcement in answer to a claim
  probe,        ///< RFC 5227 section 2.1.1
  ask_gateway,  ///< a who-has for the endpoint's gateway with the endpoint's own addresses
  ask_as_host,  ///< a who-has for the same gateway from the parent's MAC, to compare
};

struct Outgoing {
  Id id = 0;  ///< the endpoint it is sent for
  Purpose purpose = Purpose::announce;
  /// Send it through the container's own interface, so that its siblings receive it too; only where that fails,
  /// send it through the worker. Sending both would look like a second conflict to a station that defends its
  /// address.
  bool inside = false;
  arpl_write frame{};
};

/// An event for the log and for status.
enum class ReportKind : std::uint8_t {
  conflict,         ///< another station claims the address
  defended,         ///< a defence was sent
  gave_up,          ///< no longer announced or defended: RFC 5227 section 2.4 (a), (b)
  moves_too_often,  ///< no longer announced or defended until it stops to move: RFC 7432 section 15.1
  moves_no_more,
  conflict_over,     ///< no claim for ARPL_CONTESTED_NS
  path_suspect,      ///< the gateway did not answer a who-has
  path_lost,         ///< nor any of the attempts that followed
  path_fine,         ///< the gateway answered while suspect
  path_back,         ///< the gateway answers again after path_lost
  gateway_moved,     ///< the gateway answers from another MAC than before
  gateway_disputed,  ///< another MAC answers for the gateway too
};

struct Report {
  Id id = 0;
  ReportKind kind = ReportKind::conflict;
  Mac mac = 0;  ///< the claimant's, or the gateway's
  ClaimOrigin origin = ClaimOrigin::elsewhere;
};

/// The effects that the protocol machines ask for. They call it from within their own functions, so it must not
/// call back into them.
class Actions {
 public:
  virtual ~Actions() = default;
  /// False when there is no room for the frame now; the machine tries again later.
  virtual bool send(const Outgoing& frame) = 0;
  virtual void report(const Report& report) = 0;
};

}  // namespace arpline
