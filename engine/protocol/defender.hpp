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

/// RFC 5227 section 2.4 on behalf of the containers, and what a claim may cost them: anybody can send one.
///
/// A claim from the wire silences an address: announcing what another station announces as well helps nobody.
/// What was ours before the claim, and undisputed, is silent for kSilentNs from the first claim of a contest;
/// then one announcement goes out before another contest can silence it. One frame in that time makes no
/// station that defends itself give up, and whoever claims without end buys no more than a refresh every
/// kSilentNs. What came while somebody else had it is silent for as long as the claims go on.
///
/// Only what another station says is defended against: a sibling or the host is this machine's own mistake, and
/// silences nobody. Where an address is, is what this host knows of its own containers; a claim alone moves
/// nothing. Bounded, whoever says what. Pure.
class Defender {
 public:
  static constexpr std::uint32_t kMoves = 5;                  ///< RFC 7432 section 15.1, N
  static constexpr std::uint64_t kMovesNs = 180'000'000'000;  ///< likewise, M
  static constexpr std::uint64_t kSilentNs = ARPL_CONTESTED_NS;
  static constexpr std::uint64_t kCopyNs = 100'000'000;      ///< the same claim again within so long is a copy
  static constexpr std::uint32_t kProxyAddresses = 3;        ///< claimed by one MAC: it answers for everyone
  static constexpr std::uint64_t kProxyNs = 60'000'000'000;  ///< within so long
  static constexpr std::uint64_t kGatewayNs =
      600'000'000'000;                                  ///< so long after its answer a MAC is a gateway's
  static constexpr std::size_t kMostClaimants = 256;    ///< remembered, of all endpoints
  static constexpr std::size_t kMostGateways = 256;     ///< likewise
  static constexpr std::size_t kMostAddresses = 65536;  ///< whose places are remembered

  using Address = std::pair<std::uint16_t, Ipv4>;  ///< VLAN first

  struct Verdict {
    ClaimOrigin origin = ClaimOrigin::elsewhere;
    bool defend = false;   ///< announce it, once
    bool gave_up = false;  ///< by this claim
  };

  struct State {
    bool gave_up = false;
    bool moves_too_often = false;
    bool silent = false;  ///< a claim keeps it from being announced
    std::uint64_t defended_at = 0;
    std::uint64_t defences = 0;
  };

  void set_policy(OnConflict policy) noexcept { policy_ = policy; }

  /// It is here now, with this MAC; what was given up is given another chance. True: it has moved too often
  /// with that.
  bool settle(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now);
  /// It is no more. Its address is remembered: it may come back with another MAC.
  void forget(Id id, std::uint64_t now);
  /// Nobody has answered a probe for it: it is ours.
  void prove(Id id);
  /// An announcement of it has left.
  void announced(Id id);

  Verdict on_claim(Id id, const Claim& claim, std::uint64_t now);
  /// Somebody claims it, and nobody has told who.
  void disturb(Id id, std::uint64_t now);
  /// The defence has left: the next one is counted from here.
  void defended(Id id, std::uint64_t now);
  /// The gateway has answered from this MAC. With the second answer a claim by it is a proxy's.
  void know_gateway(const Address& gateway, Mac mac, std::uint64_t now);

  /// Whether it may be announced, for all that is known here.
  bool allows(Id id, std::uint64_t now) const;
  State state(Id id, std::uint64_t now) const;
  /// Who has claimed something with this MAC; `otherwise` where it is no proxy.
  ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, std::uint64_t now) const;

  /// What is remembered of whom, for the tests of the bounds.
  std::size_t remembered() const noexcept { return places_.size() + claimants_.size() + gateways_.size(); }

 private:
  // Where an address is, and how often that has changed.
  struct Place {
    Mac owner = 0;
    std::uint32_t count = 0;
    std::uint64_t first_at = 0;
    std::uint64_t last_at = 0;
    std::uint64_t still_at = 0;     // it has moved too often, until then
    bool told = false;              // that it has
    std::uint64_t defended_at = 0;  // whichever interface has it
    std::uint64_t ours_until = 0;   // it was undisputed then
    Mac claimant = 0;               // from the wire, and when
    std::uint64_t claimed_at = 0;
  };
  struct Endpoint {
    Address address;
    Mac mac = 0;
    bool gave_up = false;
    bool incumbent = false;  // it was ours before anybody claimed it
    bool owes = false;       // one announcement, before a claim silences it again
    std::uint64_t since = 0;
    std::uint64_t claimed_at = 0;  // from the wire
    std::uint64_t silent_until = 0;
    Mac conflict_mac = 0;
    std::uint64_t conflict_at = 0;
    std::uint64_t defences = 0;
  };
  struct Claimant {
    std::uint64_t last_at = 0;
    std::uint64_t proxy_at = 0;  // it was seen to claim several
    std::map<Id, std::uint64_t> claimed;
  };
  struct Gateway {
    Mac mac = 0;
    std::uint64_t answered_at = 0;
    std::uint32_t answers = 0;
  };

  Place& place_of(const Address& address, std::uint64_t now);
  static void move(Place& place, Mac owner, std::uint64_t now);
  static bool is_incumbent(const Endpoint& endpoint, std::uint64_t now);
  static void silence(Endpoint& endpoint, std::uint64_t now);
  void note(Claimant& claimant, Id id, std::uint64_t now);
  Claimant& claimant(Mac mac);
  void judge(Endpoint& endpoint, const Claim& claim, Verdict& verdict, std::uint64_t now);

  OnConflict policy_ = OnConflict::alert;
  std::unordered_map<Id, Endpoint> endpoints_;
  std::map<Address, Place> places_;
  std::set<std::pair<std::uint64_t, Address>> by_age_;  // of the places: the longest unchanged first
  std::unordered_map<Mac, Claimant> claimants_;
  std::map<Address, Gateway> gateways_;
};

}  // namespace arpline
