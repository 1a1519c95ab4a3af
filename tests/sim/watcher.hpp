// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/protocol.hpp"
#include "sim/packet.hpp"

namespace arpline::sim {

/// Receives the host's events for the checks; times are the host's clock.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now) = 0;
  virtual void on_erase(Id id, Instant now) = 0;
  virtual void on_gateway(Id id, Ipv4 gateway) = 0;
  virtual void on_carrier_up(Instant now) = 0;
  virtual void on_settings(const Protocol::Settings& settings, Instant now) = 0;
  /// Called after the machines have processed a claim, and after their reports of it.
  virtual void on_claim(Id id, const Claim& claim, Instant now) = 0;
  /// Called before the machines process an answer of a gateway from this MAC.
  virtual void on_gateway_answers(Mac mac) = 0;
  virtual void on_send(const Outgoing& frame, Instant now) = 0;
  virtual void on_report(const Report& report, Instant now) = 0;
  /// The ingress program has answered for this slot.
  virtual void on_answered(Id id, const Packet& answer, Instant now) = 0;
  /// The machines have finished a tick.
  virtual void on_tick(Instant now) = 0;
  /// The worker begins or stops refusing orders.
  virtual void on_refusing(bool refuses, Instant now) = 0;
  /// The host was paused, or its clock has jumped.
  virtual void on_absence(Instant now) = 0;
};

}  // namespace arpline::sim
