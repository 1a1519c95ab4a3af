// SPDX-License-Identifier: Apache-2.0
#include "protocol/defender.hpp"

#include <algorithm>

#include "protocol/timing.hpp"

namespace arpline {

Defender::AddressHistory& Defender::history_of(const Address& address, Instant now) {
  const auto found = histories_.find(address);
  if (found != histories_.end()) {
    auto& history = found->second;
    by_age_.erase({history.last_at, address});
    history.last_at = std::max(history.last_at, now);
    by_age_.emplace(history.last_at, address);
    return history;
  }
  if (histories_.size() >= kMostAddresses) {
    histories_.erase(by_age_.begin()->second);
    by_age_.erase(by_age_.begin());
  }
  by_age_.emplace(now, address);
  return histories_.emplace(address, AddressHistory{.last_at = now}).first->second;
}

// A further move while it is unsettled prolongs that state.
void Defender::move(AddressHistory& history, Mac owner, Instant now) {
  if (history.owner == owner) return;
  const bool first_seen = history.owner == 0;
  history.owner = owner;
  if (first_seen) return;
  if (now < history.unsettled_until) history.unsettled_until = now + kMovesWithin;
  if (history.count == 0 || now - history.first_at > kMovesWithin) {
    history.count = 0;
    history.first_at = now;
  }
  if (++history.count < kMoves) return;
  if (now >= history.unsettled_until) history.reported = false;
  history.unsettled_until = now + kMovesWithin;
}

bool Defender::is_incumbent(const Endpoint& endpoint, Instant now) {
  return endpoint.incumbent || now - std::max(endpoint.since, endpoint.claimed_at) >= kSilentFor;
}

bool Defender::settle(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now) {
  const Address address{subject.vlan, subject.address};
  const auto it = endpoints_.find(id);
  const bool same = it != endpoints_.end() && it->second.mac == subject.mac && it->second.address == address;
  if (!same) forget(id, now);
  auto& history = history_of(address, now);
  auto& endpoint = endpoints_[id];
  if (!same) {
    // No other station can have had it undisputed since then.
    const bool ours_before = history.ours_until != kNoTime && now - history.ours_until < kSilentFor;
    endpoint = {.address = address,
                .mac = subject.mac,
                .incumbent = arrival == Arrival::found || ours_before,
                .since = now};
  }
  endpoint.gave_up = false;
  move(history, subject.mac, now);
  return now < history.unsettled_until && !std::exchange(history.reported, true);
}

// An endpoint that goes soon after a claim has moved to the claimant.
void Defender::forget(Id id, Instant now) {
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end()) return;
  auto& history = history_of(it->second.address, now);
  if (is_incumbent(it->second, now)) history.ours_until = now;
  if (history.claimed_at != kNoTime && now - history.claimed_at < kSilentFor)
    move(history, history.claimant, now);
  history.claimed_at = kNoTime;
  endpoints_.erase(it);
}

void Defender::confirm(Id id) {
  const auto it = endpoints_.find(id);
  if (it != endpoints_.end()) it->second.incumbent = true;
}

void Defender::announced(Id id) {
  const auto it = endpoints_.find(id);
  if (it != endpoints_.end()) it->second.owes_announcement = false;
}

void Defender::on_gateway_answer(const Address& gateway, Mac mac, Instant now) {
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

void Defender::note_claim(Claimant& claimant, Id id, Instant now) {
  claimant.last_at = now;
  claimant.claimed[id] = now;
  std::erase_if(claimant.claimed, [&](const auto& one) { return now - one.second > kProxyWithin; });
  if (claimant.claimed.size() < kProxyAddresses) return;
  claimant.proxy_at = now;
  claimant.claimed.erase(
      std::ranges::min_element(claimant.claimed, {}, [](const auto& one) { return one.second; }));
}

ClaimOrigin Defender::claim_origin_of(Mac mac, ClaimOrigin otherwise, Instant now) const {
  if (otherwise != ClaimOrigin::elsewhere) return otherwise;
  const bool gateway = std::ranges::any_of(gateways_, [&](const auto& one) {
    const auto& [known, answered_at, answers] = one.second;
    return known == mac && answers > 1 && now - answered_at < kGatewayFor;
  });
  if (gateway) return ClaimOrigin::proxy;
  const auto it = claimants_.find(mac);
  const bool proxy =
      it != claimants_.end() && it->second.proxy_at != kNoTime && now - it->second.proxy_at <= kProxyWithin;
  return proxy ? ClaimOrigin::proxy : otherwise;
}

void Defender::silence(Endpoint& endpoint, Instant now) {
  endpoint.incumbent = is_incumbent(endpoint, now);
  endpoint.claimed_at = now;
  if (endpoint.incumbent && (now < endpoint.silent_until || endpoint.owes_announcement)) return;
  endpoint.silent_until = now + kSilentFor;
  endpoint.owes_announcement = endpoint.incumbent;
}

// RFC 5227 section 2.4 (b) and (c). Networks and bonds duplicate frames, so a copy of a claim is no second
// conflict. A proxy claims every address, so no address is given up because of one.
void Defender::apply_policy(Endpoint& endpoint, const Claim& claim, Decision& decision, Instant now) {
  const auto recent = [now](Instant at) { return at != kNoTime && now - at < rfc5227::kDefendInterval; };
  const auto at = claim.at == kNoTime ? now : claim.at;
  const bool copy = claim.mac == endpoint.conflict_mac && at - std::min(at, endpoint.conflict_at) < kCopyWithin;
  auto& history = history_of(endpoint.address, now);
  if (endpoint.gave_up || copy || now < history.unsettled_until) return;
  if (decision.origin != ClaimOrigin::proxy) {
    const bool second =
        endpoint.conflict_at != kNoTime && at - std::min(at, endpoint.conflict_at) < rfc5227::kDefendInterval;
    endpoint.gave_up = policy_ == OnConflict::never || (policy_ == OnConflict::once && second);
    endpoint.conflict_mac = claim.mac;
    endpoint.conflict_at = at;
  }
  decision.gave_up = endpoint.gave_up;
  decision.defend = !endpoint.gave_up && policy_ != OnConflict::alert && policy_ != OnConflict::never &&
                    !recent(history.defended_at);
}

Defender::Decision Defender::on_claim(Id id, const Claim& claim, Instant now) {
  Decision decision{.origin = claim.origin};
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end() || claim.dropped || claim.mac == it->second.mac) return decision;
  if (claim.origin != ClaimOrigin::elsewhere) return decision;
  auto& endpoint = it->second;
  note_claim(claimant(claim.mac), id, now);
  decision.origin = claim_origin_of(claim.mac, claim.origin, now);
  auto& history = history_of(endpoint.address, now);
  history.claimant = claim.mac;
  history.claimed_at = now;
  silence(endpoint, now);
  apply_policy(endpoint, claim, decision, now);
  return decision;
}

void Defender::on_unreported_claim(Id id, Instant now) {
  const auto it = endpoints_.find(id);
  if (it != endpoints_.end()) silence(it->second, now);
}

void Defender::defended(Id id, Instant now) {
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end()) return;
  history_of(it->second.address, now).defended_at = now;
  ++it->second.defences;
}

bool Defender::allows(Id id, Instant now) const {
  const auto current = state(id, now);
  return !current.gave_up && !current.moves_too_often && !current.silent;
}

Defender::State Defender::state(Id id, Instant now) const {
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end()) return {};
  const auto& endpoint = it->second;
  const auto history = histories_.find(endpoint.address);
  return {.gave_up = endpoint.gave_up,
          .moves_too_often = history != histories_.end() && now < history->second.unsettled_until,
          .silent = now < endpoint.silent_until,
          .defended_at = history != histories_.end() ? history->second.defended_at : kNoTime,
          .defences = endpoint.defences};
}

}  // namespace arpline
