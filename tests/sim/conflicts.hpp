// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "protocol/protocol.hpp"
#include "shared/abi.h"
#include "sim/property.hpp"

namespace arpline::sim {

/// A model of the rules for claims. It is independent of the machines and sees only their inputs and outputs.
class Conflicts {
 public:
  explicit Conflicts(Findings& findings) : findings_(findings) {}

  void set(const Protocol::Settings& settings, Time latency);
  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now);
  void erase(Id id, Instant now);
  /// The endpoint's probes have ended without a conflict.
  void prove(Id id);
  void announced(Id id);
  void report(const Report& report, Instant now);
  /// Called after the machines' reports about this claim.
  void claim(Id id, const Claim& claim, const arpl_slot& slot, bool proven, Instant now);
  void defends(Id id, Instant now);
  void tick(Id id, const arpl_slot& slot, Instant now);
  void absent(Instant now);
  void refuse(bool refuses) { refuses_ = refuses; }
  /// The MAC of a station that has answered as a gateway; a report may give its claims the origin proxy.
  void know_gateway(Mac mac) { gateways_[mac] = true; }

  bool gave_up(Id id) const;
  bool moving(Id id, Instant now) const;
  /// Whether a claim keeps the endpoint from being announced.
  bool silent(Id id, Instant now) const;
  /// The number of addresses that were ever an endpoint's.
  std::size_t addresses() const noexcept { return states_.size(); }

 private:
  static constexpr Duration kDefendInterval = 10s;
  static constexpr Duration kStillFor = 180s;
  static constexpr std::size_t kMoves = 5;
  static constexpr Duration kSilentFor = 60s;
  static constexpr Duration kCopyWithin = 100ms;
  static constexpr Duration kProxyWithin = 60s;
  static constexpr std::size_t kProxyAddresses = 3;
  static constexpr std::size_t kSurelyRemembered = 200;

  struct Endpoint {
    AnnouncedEndpoint subject;
    bool gave_up = false;
    bool contested = false;
    bool incumbent = false;  // it had the address before the first claim
    bool owes = false;       // it must be announced before a further claim may silence it
    Instant since = kNoTime;
    Instant claimed_at = kNoTime;  // the last claim from the wire
    Instant silent_until = kNoTime;
    Mac conflict_mac = 0;
    Instant conflict_at = kNoTime;
    Instant defend_by = kNever;
    Instant over_by = kNever;
    // Reports since the last claim.
    bool told_conflict = false;
    bool told_gave_up = false;
    Report told;
  };
  // The state of an address, whichever endpoint has it.
  struct AddressState {
    Mac owner = 0;
    Mac claimant = 0;
    Instant claimed_at = kNoTime;
    Instant ours_until = kNoTime;
    std::deque<Instant> moves;
    bool moving = false;
    Instant often_until = kNoTime;  // it has moved five times within 180 s, the last time 180 s before
    Instant defended_at = kNoTime;
    std::uint64_t claims_to_defend = 0;  // since the last defence
    Instant still_by = kNever;
  };
  using Address = std::pair<std::uint16_t, Ipv4>;

  AddressState& state_of(const Endpoint& endpoint) {
    return states_[{endpoint.subject.vlan, endpoint.subject.address}];
  }
  void move(AddressState& state, Mac owner, Instant now);
  static bool is_incumbent(const Endpoint& endpoint, Instant now);
  static void silence(Endpoint& endpoint, Instant now);
  bool is_proxy(Id id, const Claim& claim, Instant now);
  void judge(Endpoint& endpoint, const Claim& claim, const arpl_slot& slot, bool proven, Instant now);

  Findings& findings_;
  Protocol::Settings settings_;
  Time latency_{};
  std::map<Id, Endpoint> endpoints_;
  std::map<Address, AddressState> states_;
  std::map<Mac, std::map<Id, Instant>> claimants_;
  std::map<Mac, Instant> proxied_at_;
  std::map<Mac, bool> gateways_;
  bool refuses_ = false;
};

}  // namespace arpline::sim
