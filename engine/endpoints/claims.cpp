// SPDX-License-Identifier: Apache-2.0
#include "endpoints/claims.hpp"

#include <algorithm>

namespace arpline {
namespace {

Instant last_of(const std::vector<Claims::Claimant>& claimants) {
  return std::ranges::max(claimants, {}, &Claims::Claimant::last_at).last_at;
}

}  // namespace

// Evicts the endpoint whose last claim is the oldest.
void Claims::make_room() {
  if (claims_.size() < kMostEndpoints) return;
  claims_.erase(std::ranges::min_element(claims_, {}, [](const auto& entry) { return last_of(entry.second); }));
}

void Claims::on(const arpl_endpoint_key& key, Mac mac, Source source, Instant now, ClaimOrigin origin) {
  if (!claims_.contains(key)) make_room();
  auto& claimants = claims_[key];
  auto one = std::ranges::find(claimants, mac, &Claimant::mac);
  if (one == claimants.end()) {
    if (claimants.size() == kMostClaimants)
      claimants.erase(std::ranges::min_element(claimants, {}, &Claimant::last_at));
    one = claimants.insert(claimants.end(), {.mac = mac, .first_at = now});
  }
  one->last_at = now;
  one->source = source;
  one->origin = origin;
  ++one->times;
}

const std::vector<Claims::Claimant>& Claims::of(const arpl_endpoint_key& key) const {
  static const std::vector<Claimant> kNone;
  const auto at = claims_.find(key);
  return at == claims_.end() ? kNone : at->second;
}

}  // namespace arpline
