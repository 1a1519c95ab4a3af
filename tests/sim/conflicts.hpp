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
  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now);
  void erase(Id id, std::uint64_t now);
  /// The endpoint's probes have ended without a conflict.
  void prove(Id id);
  void announced(Id id);
  void report(const Report& report, std::uint64_t now);
  /// Called after the machines' reports about this claim.
  void claim(Id id, const Claim& claim, const arpl_slot& slot, bool proven, std::uint64_t now);
  void defends(Id id, std::uint64_t now);
  void tick(Id id, const arpl_slot& slot, std::uint64_t now);
  void absent(std::uint64_t now);
  void refuse(bool refuses) { refuses_ = refuses; }
  /// The MAC of a station that has answered as a gateway; a report may give its claims the origin proxy.
  void know_gateway(Mac mac) { gateways_[mac] = true; }

  bool gave_up(Id id) const;
  bool moving(Id id, std::uint64_t now) const;
  /// Whether a claim keeps the endpoint from being announced.
  bool silent(Id id, std::uint64_t now) const;
  /// The number of addresses that were ever an endpoint's.
  std::size_t addresses() const noexcept { return states_.size(); }

 private:
  static constexpr std::uint64_t kDefendIntervalNs = 10 * kSecond;
  static constexpr std::uint64_t kStillNs = 180 * kSecond;
  static constexpr std::size_t kMoves = 5;
  static constexpr std::uint64_t kSilentNs = 60 * kSecond;
  static constexpr std::uint64_t kCopyNs = 100 * kMs;
  static constexpr std::uint64_t kProxyNs = 60 * kSecond;
  static constexpr std::size_t kProxyAddresses = 3;
  static constexpr std::size_t kSurelyRemembered = 200;

  struct Endpoint {
    AnnouncedEndpoint subject;
    bool gave_up = false;
    bool contested = false;
    bool incumbent = false;  // it had the address before the first claim
    bool owes = false;       // it must be announced before a further claim may silence it
    std::uint64_t since = 0;
    std::uint64_t claimed_at = 0;  // the last claim from the wire
    std::uint64_t silent_until = 0;
    Mac conflict_mac = 0;
    std::uint64_t conflict_at = 0;
    std::uint64_t defend_by = kNever;
    std::uint64_t over_by = kNever;
    // Reports since the last claim.
    bool told_conflict = false;
    bool told_gave_up = false;
    Report told;
  };
  // The state of an address, whichever endpoint has it.
  struct AddressState {
    Mac owner = 0;
    Mac claimant = 0;
    std::uint64_t claimed_at = 0;
    std::uint64_t ours_until = 0;
    std::deque<std::uint64_t> moves;
    bool moving = false;
    std::uint64_t defended_at = 0;
    std::uint64_t claims_to_defend = 0;  // since the last defence
    std::uint64_t still_by = kNever;
  };
  using Address = std::pair<std::uint16_t, Ipv4>;

  AddressState& state_of(const Endpoint& endpoint) {
    return states_[{endpoint.subject.vlan, endpoint.subject.address}];
  }
  void move(AddressState& state, Mac owner, std::uint64_t now);
  static bool is_incumbent(const Endpoint& endpoint, std::uint64_t now);
  static void silence(Endpoint& endpoint, std::uint64_t now);
  bool is_proxy(Id id, const Claim& claim, std::uint64_t now);
  void judge(Endpoint& endpoint, const Claim& claim, const arpl_slot& slot, bool proven, std::uint64_t now);

  Findings& findings_;
  Protocol::Settings settings_;
  Time latency_ = 0;
  std::map<Id, Endpoint> endpoints_;
  std::map<Address, AddressState> states_;
  std::map<Mac, std::map<Id, std::uint64_t>> claimants_;
  std::map<Mac, std::uint64_t> proxied_at_;
  std::map<Mac, bool> gateways_;
  bool refuses_ = false;
};

}  // namespace arpline::sim
