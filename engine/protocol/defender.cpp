// SPDX-License-Identifier: Apache-2.0
#include "protocol/defender.hpp"

#include <algorithm>

#include "protocol/rfc5227.hpp"

namespace arpline {

Defender::Moves& Defender::moves_of(const Address& address) {
  if (const auto it = moves_.find(address); it != moves_.end()) return it->second;
  if (moves_.size() >= kMostAddresses)
    moves_.erase(std::ranges::min_element(moves_, {}, [](const auto& one) { return one.second.last_at; }));
  return moves_[address];
}

// True: with this one it moves too often. Each further move makes the wait longer.
bool Defender::move(Moves& moves, Mac owner, std::uint64_t now) {
  const bool first_seen = moves.owner == 0;
  if (moves.owner == owner) return false;
  moves.owner = owner;
  moves.last_at = now;
  if (first_seen) return false;
  const bool already = now < moves.still_at;
  if (already) moves.still_at = now + kMovesNs;
  if (moves.count == 0 || now - moves.first_at > kMovesNs) {
    moves.count = 0;
    moves.first_at = now;
  }
  if (++moves.count < kMoves) return false;
  moves.still_at = now + kMovesNs;
  return !already;
}

bool Defender::settle(Id id, const Subject& subject, std::uint64_t now) {
  const Address address{subject.vlan, subject.address};
  endpoints_.insert_or_assign(id, Endpoint{.address = address, .mac = subject.mac});
  return move(moves_of(address), subject.mac, now);
}

void Defender::forget(Id id) {
  endpoints_.erase(id);
}

void Defender::undisputed(Id id) {
  const auto it = endpoints_.find(id);
  if (it != endpoints_.end()) moves_of(it->second.address).owner = it->second.mac;
}

void Defender::know_gateway(Mac mac) {
  if (gateways_.size() < kMostClaimants) gateways_.insert(mac);
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

Party Defender::party_of(Mac mac, Party otherwise, std::uint64_t now) const {
  if (otherwise != Party::elsewhere) return otherwise;
  if (gateways_.contains(mac)) return Party::proxy;
  const auto it = claimants_.find(mac);
  const bool proxy =
      it != claimants_.end() && it->second.proxy_at != 0 && now - it->second.proxy_at <= kProxyNs;
  return proxy ? Party::proxy : otherwise;
}

// RFC 5227 section 2.4 (b) and (c).
bool Defender::defends(Endpoint& endpoint, const Moves& moves, std::uint64_t now, bool& gave_up) const {
  const auto recent = [now](std::uint64_t at) { return at != 0 && now - at < rfc5227::kDefendIntervalNs; };
  if (endpoint.gave_up) return false;
  gave_up = policy_ == OnConflict::never || (policy_ == OnConflict::once && recent(endpoint.conflict_at));
  endpoint.conflict_at = now;
  endpoint.gave_up = gave_up;
  return !gave_up && policy_ != OnConflict::alert && !recent(moves.defended_at);
}

Defender::Verdict Defender::on_claim(Id id, const Claim& claim, std::uint64_t now) {
  Verdict verdict{.party = claim.party};
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end() || claim.dropped || claim.mac == it->second.mac) return verdict;
  if (claim.party == Party::elsewhere) note(claimant(claim.mac), id, now);
  verdict.party = party_of(claim.mac, claim.party, now);
  if (verdict.party != Party::elsewhere) return verdict;
  auto& moves = moves_of(it->second.address);
  verdict.moves_too_often = move(moves, claim.mac, now);
  if (now >= moves.still_at) verdict.defend = defends(it->second, moves, now, verdict.gave_up);
  return verdict;
}

void Defender::defended(Id id, std::uint64_t now) {
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end()) return;
  moves_of(it->second.address).defended_at = now;
  ++it->second.defences;
}

bool Defender::allows(Id id, std::uint64_t now) const {
  const auto now_state = state(id, now);
  return !now_state.gave_up && !now_state.moves_too_often;
}

Defender::State Defender::state(Id id, std::uint64_t now) const {
  const auto it = endpoints_.find(id);
  if (it == endpoints_.end()) return {};
  const auto& endpoint = it->second;
  const auto moves = moves_.find(endpoint.address);
  return {.gave_up = endpoint.gave_up,
          .moves_too_often = moves != moves_.end() && now < moves->second.still_at,
          .defended_at = moves != moves_.end() ? moves->second.defended_at : 0,
          .defences = endpoint.defences};
}

}  // namespace arpline
