// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/protocol.hpp"
#include "sim/packet.hpp"

namespace arpline::sim {

/// What the host tells whoever checks it; times are the host's clock.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now) = 0;
  virtual void on_erase(Id id, std::uint64_t now) = 0;
  virtual void on_gateway(Id id, Ipv4 gateway) = 0;
  virtual void on_carrier_up(std::uint64_t now) = 0;
  virtual void on_settings(const Protocol::Settings& settings, std::uint64_t now) = 0;
  /// The machines have been told of a claim; what they report of it has been reported.
  virtual void on_claim(Id id, const Claim& claim, std::uint64_t now) = 0;
  /// The machines are about to be told that a gateway answered from this MAC.
  virtual void on_gateway_answers(Mac mac) = 0;
  virtual void on_send(const Outgoing& frame, std::uint64_t now) = 0;
  virtual void on_report(const Report& report, std::uint64_t now) = 0;
  /// The program has answered for this slot.
  virtual void on_answered(Id id, const Packet& answer, std::uint64_t now) = 0;
  /// The machines have done what was due.
  virtual void on_tick(std::uint64_t now) = 0;
  /// Whether the worker refuses orders from now on.
  virtual void on_refusing(bool refuses, std::uint64_t now) = 0;
  /// The host was away, or its clock has jumped.
  virtual void on_absence(std::uint64_t now) = 0;
};

}  // namespace arpline::sim
