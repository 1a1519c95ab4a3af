// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/announce_policy.hpp"
#include "protocol/announced_endpoint.hpp"
#include "shared/abi.h"

namespace arpline {

/// RFC 5227 section 2.4 on behalf of the containers, with a bound on what a claim can do, since anybody can
/// send one.
///
/// A claim from the wire silences an address: it is not announced, because two stations that both announce it
/// only make the peers' caches flap. An address that was ours, undisputed, before the claim (an incumbent) is
/// silent for kSilentFor from the first claim; then one announcement is sent before another claim can silence
/// it again. One frame in that time does not make a defending station give up, and against endless claims the
/// address is still announced once every kSilentFor. An address that appeared here while another station had it
/// is silent for as long as the claims go on.
///
/// Only claims from other stations count; a claim by a sibling or the host is a mistake of this machine's own
/// configuration and silences nothing. An address counts as moved when an endpoint appears or goes, never
/// because of a claim alone. All memory is bounded. Pure: time is a value.
class Defender {
 public:
  static constexpr std::uint32_t kMoves = 5;      ///< N of RFC 7432 section 15.1
  static constexpr Duration kMovesWithin = 180s;  ///< M of RFC 7432 section 15.1
  static constexpr Duration kSilentFor = duration_from_raw(ARPL_CONTESTED_NS);
  static constexpr Duration kCopyWithin = 100ms;       ///< the same claim within this time is a copy
  static constexpr std::uint32_t kProxyAddresses = 3;  ///< a MAC that claims so many addresses is a proxy
  static constexpr Duration kProxyWithin = 60s;        ///< the time in which it has to claim them
  static constexpr Duration kGatewayFor =
      10min;  ///< a MAC counts as a gateway's for this time after its answer
  static constexpr std::size_t kMostClaimants = 256;  ///< over all endpoints
  static constexpr std::size_t kMostGateways = 256;
  static constexpr std::size_t kMostAddresses = 65536;  ///< with a remembered history

  using Address = std::pair<std::uint16_t, Ipv4>;  ///< VLAN first

  struct Decision {
    ClaimOrigin origin = ClaimOrigin::elsewhere;
    bool defend = false;   ///< send one announcement
    bool gave_up = false;  ///< this claim made it give up
  };

  struct State {
    bool gave_up = false;
    bool moves_too_often = false;
    bool silent = false;  ///< a claim keeps it from being announced
    Instant defended_at = kNoTime;
    std::uint64_t defences = 0;
  };

  void set_policy(OnConflict policy) noexcept { policy_ = policy; }

  /// The endpoint is here with this MAC; a given-up one gets another chance. True when the address has moved
  /// too often with this move, once per such period.
  bool settle(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now);
  /// The endpoint is gone. The history of its address stays, since it may come back with another MAC.
  void forget(Id id, Instant now);
  /// Nobody has answered the probes: the address is ours.
  void confirm(Id id);
  /// An announcement of it was sent.
  void announced(Id id);

  Decision on_claim(Id id, const Claim& claim, Instant now);
  /// A station claims the address, and its MAC is not known.
  void on_unreported_claim(Id id, Instant now);
  /// A defence was sent; DEFEND_INTERVAL starts here.
  void defended(Id id, Instant now);
  /// The gateway has answered from this MAC. From its second answer on, a claim by this MAC counts as a
  /// proxy's.
  void on_gateway_answer(const Address& gateway, Mac mac, Instant now);

  /// Whether conflicts and moves leave the endpoint free to be announced.
  bool allows(Id id, Instant now) const;
  State state(Id id, Instant now) const;
  /// ClaimOrigin::proxy when the MAC is known to be a proxy's, else `otherwise`.
  ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, Instant now) const;

  /// The number of remembered entries, for the tests of the bounds.
  std::size_t remembered() const noexcept { return histories_.size() + claimants_.size() + gateways_.size(); }

 private:
  // The history of an address on this host, whichever interface has it.
  struct AddressHistory {
    Mac owner = 0;
    std::uint32_t count = 0;
    Instant first_at = kNoTime;
    Instant last_at = kNoTime;
    Instant unsettled_until = kNoTime;  // it has moved too often; it counts as unsettled until then
    bool reported = false;              // moves_too_often was reported
    Instant defended_at = kNoTime;
    Instant ours_until = kNoTime;  // the last time at which it was ours and undisputed
    Mac claimant = 0;              // the last one from the wire
    Instant claimed_at = kNoTime;
  };
  struct Endpoint {
    Address address;
    Mac mac = 0;
    bool gave_up = false;
    bool incumbent = false;          // it was ours before the first claim
    bool owes_announcement = false;  // one announcement is due before a claim may silence it again
    Instant since = kNoTime;
    Instant claimed_at = kNoTime;  // the last claim from the wire
    Instant silent_until = kNoTime;
    Mac conflict_mac = 0;
    Instant conflict_at = kNoTime;
    std::uint64_t defences = 0;
  };
  struct Claimant {
    Instant last_at = kNoTime;
    Instant proxy_at = kNoTime;  // when it last had kProxyAddresses claims
    std::map<Id, Instant> claimed;
  };
  struct Gateway {
    Mac mac = 0;
    Instant answered_at = kNoTime;
    std::uint32_t answers = 0;
  };

  AddressHistory& history_of(const Address& address, Instant now);
  static void move(AddressHistory& history, Mac owner, Instant now);
  static bool is_incumbent(const Endpoint& endpoint, Instant now);
  static void silence(Endpoint& endpoint, Instant now);
  void note_claim(Claimant& claimant, Id id, Instant now);
  Claimant& claimant(Mac mac);
  void apply_policy(Endpoint& endpoint, const Claim& claim, Decision& decision, Instant now);

  OnConflict policy_ = OnConflict::alert;
  std::unordered_map<Id, Endpoint> endpoints_;
  std::map<Address, AddressHistory> histories_;
  std::set<std::pair<Instant, Address>> by_age_;  // keys of histories_, least recently used first
  std::unordered_map<Mac, Claimant> claimants_;
  std::map<Address, Gateway> gateways_;
};

}  // namespace arpline
