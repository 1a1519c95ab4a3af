// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/claim_origin.hpp"
#include "endpoints/address_candidates.hpp"

namespace arpline {

/// The stations that claim an endpoint's address. Anybody can send claims, so both dimensions are bounded.
class Claims {
 public:
  static constexpr std::size_t kMostEndpoints = 1024;
  static constexpr std::size_t kMostClaimants = 4;  ///< of one endpoint

  enum class Source {
    wire,    ///< received from the wire
    host,    ///< sent by this host
    dropped  ///< sent by this host and dropped before the wire
  };

  struct Claimant {
    Mac mac = 0;
    Instant first_at = kNoTime;
    Instant last_at = kNoTime;
    std::uint64_t times = 0;       ///< reported claims; those beyond the budget `events` are not counted
    Source source = Source::wire;  ///< of the last claim
    ClaimOrigin origin = ClaimOrigin::elsewhere;  ///< of the last claim, as far as its MAC tells
  };

  void on(const arpl_endpoint_key& key, Mac mac, Source source, Instant now,
          ClaimOrigin origin = ClaimOrigin::elsewhere);
  /// The endpoint is gone.
  void forget(const arpl_endpoint_key& key) { claims_.erase(key); }
  /// Unordered; empty when nobody has claimed the address.
  const std::vector<Claimant>& of(const arpl_endpoint_key& key) const;

 private:
  void make_room();

  std::map<arpl_endpoint_key, std::vector<Claimant>, KeyLess> claims_;
};

}  // namespace arpline
