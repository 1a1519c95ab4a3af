// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "protocol/protocol.hpp"

namespace arpline::sim {

/// The protocol machines as the host calls them. A test may put a broken one in their place, to see that the
/// checks notice.
class Machine {
 public:
  Machine(const Protocol::Settings& settings, ProtocolTables tables, std::uint64_t seed)
      : protocol_(settings, tables, seed) {}
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  virtual ~Machine() = default;

  virtual void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now,
                   Actions& actions) {
    protocol_.put(id, subject, arrival, now, actions);
  }
  virtual void erase(Id id, std::uint64_t now) { protocol_.erase(id, now); }
  virtual void on_claim(Id id, const Claim& claim, std::uint64_t now, Actions& actions) {
    protocol_.on_claim(id, claim, now, actions);
  }
  virtual void on_answer(Id id, Mac mac, std::uint64_t at, Actions& actions) {
    protocol_.on_answer(id, mac, at, actions);
  }
  virtual void on_own_mac(Mac mac, std::uint64_t now) { protocol_.on_own_mac(mac, now); }
  virtual void carrier_up(std::uint64_t now) { protocol_.carrier_up(now); }
  virtual std::uint64_t tick(std::uint64_t now, Actions& actions) { return protocol_.tick(now, actions); }
  virtual std::size_t remembered() const { return protocol_.remembered(); }

  void set(const Protocol::Settings& settings, std::uint64_t now) { protocol_.set(settings, now); }
  void set_gateway(Id id, Ipv4 gateway, bool at_parent, std::uint64_t now) {
    protocol_.set_gateway(id, gateway, at_parent, now);
  }
  virtual void on_host_answer(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at) {
    protocol_.on_host_answer(gateway, vlan, at);
  }
  Protocol::View view(Id id, std::uint64_t now) const { return protocol_.view(id, now); }
  ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, std::uint64_t now) const {
    return protocol_.claim_origin_of(mac, otherwise, now);
  }

 private:
  Protocol protocol_;
};

using MakeMachine =
    std::function<std::unique_ptr<Machine>(const Protocol::Settings&, ProtocolTables, std::uint64_t seed)>;

}  // namespace arpline::sim
