// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/announced_endpoint.hpp"
#include "shared/reply.h"

namespace arpline {

/// Why a frame is sent.
enum class Purpose : std::uint8_t {
  announce,     ///< RFC 5227 section 2.3
  defend,       ///< RFC 5227 section 2.4: an announcement in answer to a claim
  probe,        ///< RFC 5227 section 2.1.1
  ask_gateway,  ///< who-has for the endpoint's gateway, from the endpoint
  ask_as_host,  ///< the same from the parent's MAC, to compare
};

struct Outgoing {
  Id id = 0;  ///< of the endpoint that it is sent for
  Purpose purpose = Purpose::announce;
  /// Through the container's own interface, so that its siblings hear it as well; by the worker only where that
  /// can't be. Never both: to who defends his address, two are a second conflict.
  bool inside = false;
  arpl_write frame{};
};

/// What is to be told to people.
enum class ReportKind : std::uint8_t {
  conflict,         ///< somebody claims the address
  defended,         ///< and was answered
  gave_up,          ///< it is neither announced nor defended any more: RFC 5227 section 2.4 (a), (b)
  moves_too_often,  ///< RFC 7432 section 15.1: likewise, until it keeps still
  moves_no_more,
  conflict_over,  ///< nobody has claimed it for a while
  path_suspect,   ///< its gateway did not answer
  path_lost,
  path_fine,         ///< it answers after all
  path_back,         ///< it answers again
  gateway_moved,     ///< it answers from another MAC than before
  gateway_disputed,  ///< another one answers in its place
};

struct Report {
  Id id = 0;
  ReportKind kind = ReportKind::conflict;
  Mac mac = 0;  ///< the claimant's, or the gateway's
  ClaimOrigin origin = ClaimOrigin::elsewhere;
};

/// What the machines want done. Called from within their functions.
class Actions {
 public:
  virtual ~Actions() = default;
  /// False: no room for it now; it is tried again.
  virtual bool send(const Outgoing& frame) = 0;
  virtual void report(const Report& report) = 0;
};

}  // namespace arpline
