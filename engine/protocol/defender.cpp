// SPDX-License-Identifier: Apache-2.0
#include "protocol/defender.hpp"

#include <algorithm>

#include "protocol/rfc5227.hpp"

namespace arpline {

Defender::Place& Defender::place_of(const Address& address, std::uint64_t now) {
  const auto found = places_.find(address);
  if (found != places_.end()) {
    auto& place = found->second;
    by_age_.erase({place.last_at, address});
    place.last_at = std::max(place.last_at, now);
    by_age_.emplace(place.last_at, address);
    return place;
  }
  if (places_.size() >= kMostAddresses) {
    places_.erase(by_age_.begin()->second);
    by_age_.erase(by_age_.begin());
  }
  by_age_.emplace(now, address);
  return places_.emplace(address, Place{.last_at = now}).first->second;
}

// A further move while it is unsettled prolongs that state.
void Defender::move(Place& place, Mac owner, std::uint64_t now) {
  if (place.owner == owner) return;
  const bool first_seen = place.owner == 0;
  place.owner = owner;
  if (first_seen) return;
  if (now < place.still_at) place.still_at = now + kMovesNs;
  if (place.count == 0 || now - place.first_at > kMovesNs) {
    place.count = 0;
    place.first_at = now;
  }
  if (++place.count < kMoves) return;
  if (now >= place.still_at) place.told = false;
  place.still_at = now + kMovesNs;
}

bool Defender::is_incumbent(const Endpoint& endpoint, std::uint64_t now) {
  return endpoint.incumbent || now - std::max(endpoint.since, endpoint.claimed_at) >= kSilentNs;
}

bool Defender::settle(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now) {
  const Address address{subject.vlan, subject.address};
  const auto it = endpoints_.find(id);
  const bool same = it != endpoints_.end() && it->second.mac == subject.mac && it->second.address == address;
  if (!same) forget(id, now);
  auto& place = place_of(address, now);
  auto& endpoint = endpoints_[id];
  if (!same) {
    // No other station can have had it undisputed since then.
    const bool ours_before = place.ours_until != 0 && now - place.ours_until < kSilentNs;
    endpoint = {.address = address,
                .mac = subject.mac,
                .incumbent = arrival == Arrival::found || ours_before,
                .since = now};
  }
  endpoint.gave_up = false;
  move(place, subject.mac, now);
  return now < place.still_at && !std::exchange(place.told, true);
}

// An endpoint that goes soon after a claim has moved to the claimant.
void Defender::forget(Id id, std::uint64_t now) {
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end()) return;
  auto& place = place_of(it->second.address, now);
  if (is_incumbent(it->second, now)) place.ours_until = now;
  if (place.claimed_at != 0 && now - place.claimed_at < kSilentNs) move(place, place.claimant, now);
  place.claimed_at = 0;
  endpoints_.erase(it);
}

void Defender::prove(Id id) {
  const auto it = endpoints_.find(id);
  if (it != endpoints_.end()) it->second.incumbent = true;
}

void Defender::announced(Id id) {
  const auto it = endpoints_.find(id);
  if (it != endpoints_.end()) it->second.owes = false;
}

void Defender::know_gateway(const Address& gateway, Mac mac, std::uint64_t now) {
  if (!gateways_.contains(gateway) && gateways_.size() >= kMostGateways)
    gateways_.erase(
        std::ranges::min_element(gateways_, {}, [](const auto& one) { return one.second.answered_at; }));
  auto& known = gateways_[gateway];
  known.answers = known.mac == mac ? known.answers + 1 : 1;
  known.mac = mac;
  known.answered_at = now;
}

Defender::Claimant& Defender::claimant(Mac mac) {
  if (const auto it = claimants_.find(mac); it != claimants_.end()) return it->second;
  if (claimants_.size() >= kMostClaimants)
    claimants_.erase(
        std::ranges::min_element(claimants_, {}, [](const auto& one) { return one.second.last_at; }));
  return claimants_[mac];
}

void Defender::note(Claimant& claimant, Id id, std::uint64_t now) {
  claimant.last_at = now;
  claimant.claimed[id] = now;
  std::erase_if(claimant.claimed, [&](const auto& one) { return now - one.second > kProxyNs; });
  if (claimant.claimed.size() < kProxyAddresses) return;
  claimant.proxy_at = now;
  claimant.claimed.erase(
      std::ranges::min_element(claimant.claimed, {}, [](const auto& one) { return one.second; }));
}

ClaimOrigin Defender::claim_origin_of(Mac mac, ClaimOrigin otherwise, std::uint64_t now) const {
  if (otherwise != ClaimOrigin::elsewhere) return otherwise;
  const bool gateway = std::ranges::any_of(gateways_, [&](const auto& one) {
    const auto& [known, answered_at, answers] = one.second;
    return known == mac && answers > 1 && now - answered_at < kGatewayNs;
  });
  if (gateway) return ClaimOrigin::proxy;
  const auto it = claimants_.find(mac);
  const bool proxy =
      it != claimants_.end() && it->second.proxy_at != 0 && now - it->second.proxy_at <= kProxyNs;
  return proxy ? ClaimOrigin::proxy : otherwise;
}

void Defender::silence(Endpoint& endpoint, std::uint64_t now) {
  endpoint.incumbent = is_incumbent(endpoint, now);
  endpoint.claimed_at = now;
  if (endpoint.incumbent && (now < endpoint.silent_until || endpoint.owes)) return;
  endpoint.silent_until = now + kSilentNs;
  endpoint.owes = endpoint.incumbent;
}

// RFC 5227 section 2.4 (b) and (c). Networks and bonds duplicate frames, so a copy of a claim is no second
// conflict. A proxy claims every address, so no address is given up because of one.
void Defender::judge(Endpoint& endpoint, const Claim& claim, Verdict& verdict, std::uint64_t now) {
  const auto recent = [now](std::uint64_t at) { return at != 0 && now - at < rfc5227::kDefendIntervalNs; };
  const auto at = claim.at == 0 ? now : claim.at;
  const bool copy = claim.mac == endpoint.conflict_mac && at - std::min(at, endpoint.conflict_at) < kCopyNs;
  auto& place = place_of(endpoint.address, now);
  if (endpoint.gave_up || copy || now < place.still_at) return;
  if (verdict.origin != ClaimOrigin::proxy) {
    const bool second =
        endpoint.conflict_at != 0 && at - std::min(at, endpoint.conflict_at) < rfc5227::kDefendIntervalNs;
    endpoint.gave_up = policy_ == OnConflict::never || (policy_ == OnConflict::once && second);
    endpoint.conflict_mac = claim.mac;
    endpoint.conflict_at = at;
  }
  verdict.gave_up = endpoint.gave_up;
  verdict.defend = !endpoint.gave_up && policy_ != OnConflict::alert && policy_ != OnConflict::never &&
                   !recent(place.defended_at);
}

Defender::Verdict Defender::on_claim(Id id, const Claim& claim, std::uint64_t now) {
  Verdict verdict{.origin = claim.origin};
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end() || claim.dropped || claim.mac == it->second.mac) return verdict;
  if (claim.origin != ClaimOrigin::elsewhere) return verdict;
  auto& endpoint = it->second;
  note(claimant(claim.mac), id, now);
  verdict.origin = claim_origin_of(claim.mac, claim.origin, now);
  auto& place = place_of(endpoint.address, now);
  place.claimant = claim.mac;
  place.claimed_at = now;
  silence(endpoint, now);
  judge(endpoint, claim, verdict, now);
  return verdict;
}

void Defender::disturb(Id id, std::uint64_t now) {
  const auto it = endpoints_.find(id);
  if (it != endpoints_.end()) silence(it->second, now);
}

void Defender::defended(Id id, std::uint64_t now) {
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end()) return;
  place_of(it->second.address, now).defended_at = now;
  ++it->second.defences;
}

bool Defender::allows(Id id, std::uint64_t now) const {
  const auto now_state = state(id, now);
  return !now_state.gave_up && !now_state.moves_too_often && !now_state.silent;
}

Defender::State Defender::state(Id id, std::uint64_t now) const {
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end()) return {};
  const auto& endpoint = it->second;
  const auto place = places_.find(endpoint.address);
  return {.gave_up = endpoint.gave_up,
          .moves_too_often = place != places_.end() && now < place->second.still_at,
          .silent = now < endpoint.silent_until,
          .defended_at = place != places_.end() ? place->second.defended_at : 0,
          .defences = endpoint.defences};
}

}  // namespace arpline
