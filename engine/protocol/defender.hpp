// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/conduct.hpp"
#include "protocol/subject.hpp"

namespace arpline {

/// RFC 5227 section 2.4 on behalf of the containers. Only what another station says is defended against: a
/// sibling or the host is this machine's own mistake, and who answers for everyone does not listen. An address
/// that keeps moving (RFC 7432 section 15.1: N moves within M) is left alone until it keeps still. Bounded,
/// whoever says what. Pure.
class Defender {
 public:
  static constexpr std::uint32_t kMoves = 5;                  ///< RFC 7432 section 15.1, N
  static constexpr std::uint64_t kMovesNs = 180'000'000'000;  ///< likewise, M
  static constexpr std::uint32_t kProxyAddresses = 3;         ///< claimed by one MAC: it answers for everyone
  static constexpr std::uint64_t kProxyNs = 60'000'000'000;   ///< within so long
  static constexpr std::size_t kMostClaimants = 256;          ///< remembered, of all endpoints
  static constexpr std::size_t kMostAddresses = 65536;        ///< whose moves are remembered

  struct Verdict {
    Party party = Party::elsewhere;
    bool defend = false;           ///< announce it, once
    bool gave_up = false;          ///< by this claim
    bool moves_too_often = false;  ///< by this claim
  };

  struct State {
    bool gave_up = false;
    bool moves_too_often = false;
    std::uint64_t defended_at = 0;
    std::uint64_t defences = 0;
  };

  void set_policy(OnConflict policy) noexcept { policy_ = policy; }

  /// It is here now, with this MAC; what was given up is given another chance. True: it has moved too often
  /// with that.
  bool settle(Id id, const Subject& subject, std::uint64_t now);
  /// It is no more. Its address is remembered: it may come back with another MAC.
  void forget(Id id);
  /// Nobody has contested it for a while: it is ours again.
  void undisputed(Id id);

  Verdict on_claim(Id id, const Claim& claim, std::uint64_t now);
  /// The defence has left: the next one is counted from here.
  void defended(Id id, std::uint64_t now);
  /// This MAC is a gateway's: a claim by it is a proxy's.
  void know_gateway(Mac mac);

  /// Whether it may be announced, for all that is known here.
  bool allows(Id id, std::uint64_t now) const;
  State state(Id id, std::uint64_t now) const;
  /// Who has claimed something with this MAC; `otherwise` where it is no proxy.
  Party party_of(Mac mac, Party otherwise, std::uint64_t now) const;

  /// What is remembered of whom, for the tests of the bounds.
  std::size_t remembered() const noexcept { return moves_.size() + claimants_.size() + gateways_.size(); }

 private:
  using Address = std::pair<std::uint16_t, Ipv4>;  // vlan

  // Where an address was seen last, and how often that has changed.
  struct Moves {
    Mac owner = 0;
    std::uint32_t count = 0;
    std::uint64_t first_at = 0;
    std::uint64_t last_at = 0;
    std::uint64_t still_at = 0;     // it has moved too often, until then
    std::uint64_t defended_at = 0;  // whichever interface has it
  };
  struct Endpoint {
    Address address;
    Mac mac = 0;
    bool gave_up = false;
    std::uint64_t conflict_at = 0;
    std::uint64_t defences = 0;
  };
  struct Claimant {
    std::uint64_t last_at = 0;
    std::uint64_t proxy_at = 0;  // it was seen to claim several
    std::map<Id, std::uint64_t> claimed;
  };

  Moves& moves_of(const Address& address);
  static bool move(Moves& moves, Mac owner, std::uint64_t now);
  void note(Claimant& claimant, Id id, std::uint64_t now);
  Claimant& claimant(Mac mac);
  bool defends(Endpoint& endpoint, const Moves& moves, std::uint64_t now, bool& gave_up) const;

  OnConflict policy_ = OnConflict::alert;
  std::unordered_map<Id, Endpoint> endpoints_;
  std::map<Address, Moves> moves_;
  std::unordered_map<Mac, Claimant> claimants_;
  std::set<Mac> gateways_;
};

}  // namespace arpline
