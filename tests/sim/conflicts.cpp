// SPDX-License-Identifier: Apache-2.0
#include "sim/conflicts.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "shared/abi.h"

namespace arpline::sim {
namespace {

bool defending(OnConflict policy) {
  return policy == OnConflict::once || policy == OnConflict::always;
}

}  // namespace

void Conflicts::set(const Protocol::Settings& settings, Time latency) {
  settings_ = settings;
  latency_ = latency;
  for (auto& [id, endpoint] : endpoints_) endpoint.defend_by = kNever;
}

bool Conflicts::is_incumbent(const Endpoint& endpoint, Instant now) {
  return endpoint.incumbent || now - std::max(endpoint.since, endpoint.claimed_at) >= kSilentFor;
}

void Conflicts::put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now) {
  const auto before = endpoints_.find(id);
  // A change of the settings ends no conflict.
  const bool same = before != endpoints_.end() && before->second.subject.mac == subject.mac &&
                    before->second.subject.address == subject.address &&
                    before->second.subject.vlan == subject.vlan;
  const bool was_known = before != endpoints_.end();
  const bool was_contested = was_known && before->second.contested;
  if (!same) erase(id, now);
  auto& endpoint = endpoints_[id];
  endpoint.subject = subject;
  endpoint.gave_up = false;
  endpoint.defend_by = kNever;
  auto& state = state_of(endpoint);
  if (!same) {
    endpoint.since = now;
    endpoint.incumbent =
        arrival == Arrival::found || (state.ours_until != kNoTime && now - state.ours_until < kSilentFor);
    endpoint.contested = false;
    // The end of moving is reported only of an endpoint.
    if (state.moving && now >= state.moves.back() + kStillFor) {
      state.moving = false;
      state.still_by = kNever;
    }
  } else {
    endpoint.contested = was_contested;
  }
  // The machines report moves_too_often after this call.
  move(state, subject.mac, now);
}

// A claimed address that the endpoint loses has moved to the claimant.
void Conflicts::erase(Id id, Instant now) {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return;
  auto& state = state_of(at->second);
  if (is_incumbent(at->second, now)) state.ours_until = now;
  if (state.claimed_at != kNoTime && now - state.claimed_at < kSilentFor) move(state, state.claimant, now);
  state.claimed_at = kNoTime;
  endpoints_.erase(at);
}

void Conflicts::prove(Id id) {
  const auto at = endpoints_.find(id);
  if (at != endpoints_.end()) at->second.incumbent = true;
}

void Conflicts::announced(Id id) {
  const auto at = endpoints_.find(id);
  if (at != endpoints_.end()) at->second.owes = false;
}

// A change of owner counts as a move.
void Conflicts::move(AddressState& state, Mac owner, Instant now) {
  const bool first = state.owner == 0;
  if (state.owner == owner) return;
  state.owner = owner;
  if (first) return;
  state.moves.push_back(now);
  while (state.moves.size() > 2 * kMoves) state.moves.pop_front();
  const bool often =
      state.moves.size() >= kMoves && now - state.moves[state.moves.size() - kMoves] <= kStillFor;
  if (often || now < state.often_until) state.often_until = now + kStillFor;
  if (state.moving) state.still_by = now + kStillFor + latency_;
}

void Conflicts::report(const Report& report, Instant now) {
  const auto at = endpoints_.find(report.id);
  if (at == endpoints_.end()) {
    if (report.kind != ReportKind::conflict) return;
    findings_.fail(Property::conflict_reported, fmt::format("endpoint {} is none", report.id));
    return;
  }
  auto& endpoint = at->second;
  auto& state = state_of(endpoint);
  switch (report.kind) {
    case ReportKind::conflict:
      endpoint.told_conflict = true;
      endpoint.told = report;
      findings_.check(Property::conflict_reported, report.mac != endpoint.subject.mac, [&] {
        return fmt::format("{} conflicts with itself", format_ipv4(endpoint.subject.address));
      });
      break;
    case ReportKind::gave_up:
      endpoint.told_gave_up = endpoint.gave_up = true;
      endpoint.defend_by = kNever;
      break;
    case ReportKind::moves_too_often:
      state.moving = true;
      endpoint.defend_by = kNever;
      state.still_by = now + kStillFor + latency_;
      // It may have moved for the fifth time while nobody here had the address.
      findings_.check(Property::moves_noticed, now <= state.often_until, [&] {
        return fmt::format("{} has not moved five times within 180 s", format_ipv4(endpoint.subject.address));
      });
      break;
    case ReportKind::moves_no_more:
      findings_.check(Property::moves_end, state.moves.empty() || now >= state.moves.back() + kStillFor, [&] {
        return fmt::format("{} has moved {} s ago", format_ipv4(endpoint.subject.address),
                           (now - state.moves.back()) / kSecond);
      });
      state.moving = false;
      state.still_by = kNever;
      break;
    case ReportKind::conflict_over:
      findings_.check(Property::conflict_over, endpoint.contested, [&] {
        return fmt::format("{} was not contested", format_ipv4(endpoint.subject.address));
      });
      endpoint.contested = false;
      endpoint.over_by = kNever;
      break;
    default:
      break;
  }
}

bool Conflicts::is_proxy(Id id, const Claim& claim, Instant now) {
  auto& claimed = claimants_[claim.mac];
  claimed[id] = now;
  std::erase_if(claimed, [&](const auto& one) { return now - one.second > kProxyWithin; });
  if (claimed.size() < kProxyAddresses) return false;
  proxied_at_[claim.mac] = now;
  return true;
}

void Conflicts::silence(Endpoint& endpoint, Instant now) {
  endpoint.incumbent = is_incumbent(endpoint, now);
  endpoint.claimed_at = now;
  if (endpoint.incumbent && (endpoint.owes || now < endpoint.silent_until)) return;
  endpoint.silent_until = now + kSilentFor;
  endpoint.owes = endpoint.incumbent;
}

void Conflicts::claim(Id id, const Claim& claim, const arpl_slot& slot, bool proven, Instant now) {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return;
  auto& endpoint = at->second;
  // The MAC of its own interface is no claim: the frame was heard before the endpoint was known.
  if (claim.mac != endpoint.subject.mac) {
    findings_.check(Property::conflict_reported, endpoint.told_conflict && endpoint.told.mac == claim.mac, [&] {
      return fmt::format("{} claims {}, and nobody is told", format_mac(claim.mac),
                         format_ipv4(endpoint.subject.address));
    });
    endpoint.contested = endpoint.contested || arpl_slot_contested(&slot, raw(now)) != 0;
    if (endpoint.told_conflict && !claim.dropped) judge(endpoint, claim, slot, proven, now);
  }
  endpoint.told_conflict = endpoint.told_gave_up = false;
}

void Conflicts::judge(Endpoint& endpoint, const Claim& claim, const arpl_slot& slot, bool proven, Instant now) {
  const auto origin = endpoint.told.origin;
  const auto id = endpoint.told.id;
  const auto address = format_ipv4(endpoint.subject.address);
  if (claim.origin != ClaimOrigin::elsewhere) {
    findings_.check(Property::origin, origin == claim.origin,
                    [&] { return address + ": the claimant is on this host"; });
    return;
  }
  const bool several = is_proxy(id, claim, now);
  if (several && claimants_.size() < kSurelyRemembered) {
    findings_.check(Property::origin, origin == ClaimOrigin::proxy,
                    [&] { return fmt::format("{} claims several addresses", format_mac(claim.mac)); });
  }
  // A proxy keeps this origin for kProxyWithin.
  if (origin == ClaimOrigin::proxy) {
    const auto proxied = proxied_at_.find(claim.mac);
    const bool was = proxied != proxied_at_.end() && now - proxied->second <= kProxyWithin;
    findings_.check(Property::origin, several || was || gateways_.contains(claim.mac),
                    [&] { return fmt::format("{} is no proxy", format_mac(claim.mac)); });
  }
  auto& state = state_of(endpoint);
  state.claimant = claim.mac;
  state.claimed_at = now;
  silence(endpoint, now);
  if (state.moving && !state.moves.empty() && now < state.moves.back() + kStillFor) return;
  const bool gave_up_before = endpoint.gave_up && !endpoint.told_gave_up;
  if (gave_up_before) return;
  const auto seen = claim.at == kNoTime ? now : claim.at;
  const bool copy = claim.mac == endpoint.conflict_mac && seen - endpoint.conflict_at < kCopyWithin;
  const bool again = endpoint.conflict_at != kNoTime && seen - endpoint.conflict_at < kDefendInterval;
  const bool must =
      !copy && origin != ClaimOrigin::proxy &&
      (settings_.on_conflict == OnConflict::never || (settings_.on_conflict == OnConflict::once && again));
  findings_.check(Property::gave_up, endpoint.told_gave_up == must,
                  [&] { return address + (must ? " is not given up" : " is given up too soon"); });
  if (copy) return;
  if (origin != ClaimOrigin::proxy) {
    endpoint.conflict_at = seen;
    endpoint.conflict_mac = claim.mac;
  }
  ++state.claims_to_defend;
  const bool recent = state.defended_at != kNoTime && now - state.defended_at < kDefendInterval + latency_;
  if (defending(settings_.on_conflict) && proven && !must && !recent && endpoint.subject.announceable &&
      slot.word != 0 && endpoint.defend_by == kNever)
    endpoint.defend_by = now + latency_;
}

void Conflicts::defends(Id id, Instant now) {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return;
  auto& endpoint = at->second;
  auto& state = state_of(endpoint);
  const auto address = format_ipv4(endpoint.subject.address);
  findings_.check(
      Property::defence_allowed,
      defending(settings_.on_conflict) && state.claims_to_defend > 0 && !endpoint.gave_up && !moving(id, now),
      [&] { return address + " is defended against nobody, or by nobody's wish"; });
  findings_.check(
      Property::defence_interval, state.defended_at == kNoTime || now - state.defended_at >= kDefendInterval,
      [&] { return fmt::format("{} was defended {} ms ago", address, (now - state.defended_at) / kMs); });
  findings_.check(Property::defended, true, [] { return ""; });
  state.defended_at = now;
  state.claims_to_defend = 0;
  endpoint.defend_by = kNever;
}

void Conflicts::tick(Id id, const arpl_slot& slot, Instant now) {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return;
  auto& endpoint = at->second;
  endpoint.told_conflict = endpoint.told_gave_up = false;  // the reports belonged to no claim
  const auto address = format_ipv4(endpoint.subject.address);
  if (now > endpoint.defend_by && !refuses_) {
    findings_.fail(Property::defended, address + " is not defended");
    endpoint.defend_by = kNever;
  }
  if (arpl_slot_contested(&slot, raw(now)) != 0) {
    endpoint.contested = true;
    endpoint.over_by = kNever;
  } else if (endpoint.contested && endpoint.over_by == kNever) {
    endpoint.over_by = now + latency_;
  }
  if (now > endpoint.over_by) {
    findings_.fail(Property::conflict_over, address + " is not contested any more, and nobody is told");
    endpoint.contested = false;
    endpoint.over_by = kNever;
  }
  auto& state = state_of(endpoint);
  if (state.moving && now > state.still_by) {
    findings_.fail(Property::moves_end, address + " keeps still, and nobody is told");
    state.moving = false;
    state.still_by = kNever;
  }
}

void Conflicts::absent(Instant now) {
  for (auto& [id, endpoint] : endpoints_) {
    if (endpoint.defend_by != kNever) endpoint.defend_by = now + latency_;
    if (endpoint.over_by != kNever) endpoint.over_by = now + latency_;
  }
  for (auto& [address, state] : states_)
    if (state.still_by < now + latency_) state.still_by = now + latency_;
}

bool Conflicts::gave_up(Id id) const {
  const auto at = endpoints_.find(id);
  return at != endpoints_.end() && at->second.gave_up;
}

bool Conflicts::silent(Id id, Instant now) const {
  const auto at = endpoints_.find(id);
  return at != endpoints_.end() && now < at->second.silent_until;
}

bool Conflicts::moving(Id id, Instant now) const {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return false;
  const auto state = states_.find({at->second.subject.vlan, at->second.subject.address});
  return state != states_.end() && state->second.moving && !state->second.moves.empty() &&
         now < state->second.moves.back() + kStillFor;
}

}  // namespace arpline::sim
