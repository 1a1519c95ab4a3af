// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/claim_origin.hpp"
#include "endpoints/address_candidates.hpp"

namespace arpline {

/// Who else says that an endpoint's address is theirs. Bounded, whoever says what.
class Claims {
 public:
  static constexpr std::size_t kMostEndpoints = 1024;
  static constexpr std::size_t kMostClaimants = 4;  ///< of one endpoint

  enum class Way {
    wire,    ///< it came in
    host,    ///< it was made on this host, and left it
    dropped  ///< it was made on this host, and did not leave it
  };

  struct Claimant {
    Mac mac = 0;
    std::uint64_t first_at = 0;
    std::uint64_t last_at = 0;
    std::uint64_t times = 0;  ///< as often as it was reported; what exceeds the reports' budget is not
    Way way = Way::wire;      ///< of the last one
    ClaimOrigin origin = ClaimOrigin::elsewhere;  ///< likewise, as far as the MAC told
  };

  void on(const arpl_endpoint_key& key, Mac mac, Way way, std::uint64_t now,
          ClaimOrigin origin = ClaimOrigin::elsewhere);
  /// The endpoint is gone: so is what was said about it.
  void forget(const arpl_endpoint_key& key) { claims_.erase(key); }
  /// In no order; empty for an undisputed address.
  const std::vector<Claimant>& of(const arpl_endpoint_key& key) const;

 private:
  void make_room();

  std::map<arpl_endpoint_key, std::vector<Claimant>, KeyLess> claims_;
};

}  // namespace arpline
