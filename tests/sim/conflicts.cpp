// SPDX-License-Identifier: Apache-2.0
#include "sim/conflicts.hpp"

#include <fmt/core.h>

#include "shared/slot.h"

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

void Conflicts::put(Id id, const Subject& subject, std::uint64_t now) {
  auto& endpoint = endpoints_[id];
  // Other settings end no conflict.
  const bool same = endpoint.subject.mac == subject.mac && endpoint.subject.address == subject.address &&
                    endpoint.subject.vlan == subject.vlan;
  endpoint = {.subject = subject, .contested = same && endpoint.contested};
  auto& place = place_of(endpoint);
  // Nobody is told of what is no endpoint when it becomes still.
  if (!same && place.moving && now >= place.moves.back() + kStillNs) {
    place.moving = false;
    place.still_by = kNever;
  }
  // Whether it has moved too often is told after this.
  move(place, subject.mac, now, true);
}

void Conflicts::erase(Id id) {
  endpoints_.erase(id);
}

// Counts as a move where the owner is another one; what must be told then has been told.
void Conflicts::move(Place& place, Mac owner, std::uint64_t now, bool told) {
  const bool first = place.owner == 0;
  if (place.owner == owner) return;
  place.owner = owner;
  if (first) return;
  place.moves.push_back(now);
  while (place.moves.size() > 2 * kMoves) place.moves.pop_front();
  if (place.moving) place.still_by = now + kStillNs + latency_;
  const auto count = place.moves.size();
  if (count < kMoves || place.moving || told) return;
  // So that it does not matter when a window of so long begins, none has begun before the first of them.
  const auto first_at = place.moves[count - kMoves];
  const bool alone = count == kMoves || place.moves[count - kMoves - 1] + kStillNs < first_at;
  if (!alone || now - first_at > kStillNs) return;
  findings_.check(Property::moves_noticed, false, [] { return "five moves within 180 s are not reported"; });
}

void Conflicts::report(const Report& report, std::uint64_t now) {
  const auto at = endpoints_.find(report.id);
  if (at == endpoints_.end()) {
    if (report.told != Told::conflict) return;
    findings_.fail(Property::conflict_reported, fmt::format("endpoint {} is none", report.id));
    return;
  }
  auto& endpoint = at->second;
  auto& place = place_of(endpoint);
  switch (report.told) {
    case Told::conflict:
      endpoint.told_conflict = true;
      endpoint.told = report;
      findings_.check(Property::conflict_reported, report.mac != endpoint.subject.mac, [&] {
        return fmt::format("{} conflicts with itself", format_ipv4(endpoint.subject.address));
      });
      break;
    case Told::gave_up:
      endpoint.told_gave_up = endpoint.gave_up = true;
      endpoint.defend_by = kNever;
      break;
    case Told::moves_too_often:
      endpoint.told_moves = place.moving = true;
      endpoint.defend_by = kNever;
      if (place.owner != report.mac) move(place, report.mac, now, true);
      place.still_by = now + kStillNs + latency_;
      findings_.check(
          Property::moves_noticed,
          place.moves.size() >= kMoves && now - place.moves[place.moves.size() - kMoves] <= kStillNs, [&] {
            return fmt::format("{} has not moved five times within 180 s",
                               format_ipv4(endpoint.subject.address));
          });
      break;
    case Told::moves_no_more:
      findings_.check(Property::moves_end, place.moves.empty() || now >= place.moves.back() + kStillNs, [&] {
        return fmt::format("{} has moved {} s ago", format_ipv4(endpoint.subject.address),
                           (now - place.moves.back()) / kSecond);
      });
      place.moving = false;
      place.still_by = kNever;
      break;
    case Told::conflict_over:
      findings_.check(Property::conflict_over, endpoint.contested, [&] {
        return fmt::format("{} was not contested", format_ipv4(endpoint.subject.address));
      });
      endpoint.contested = false;
      endpoint.over_by = kNever;
      // A claim that was heard so late that the conflict was over with it counts before.
      if (endpoint.told_conflict) {
        endpoint.told_over = true;
      } else {
        comes_home(endpoint);
      }
      break;
    default:
      break;
  }
}

bool Conflicts::is_proxy(Id id, const Claim& claim, std::uint64_t now) {
  auto& claimed = claimants_[claim.mac];
  claimed[id] = now;
  std::erase_if(claimed, [&](const auto& one) { return now - one.second > kProxyNs; });
  if (claimed.size() < kProxyAddresses) return false;
  proxied_at_[claim.mac] = now;
  return true;
}

void Conflicts::claim(Id id, const Claim& claim, const arpl_slot& slot, bool proven, std::uint64_t now) {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return;
  auto& endpoint = at->second;
  // What its own interface says claims nothing: it was heard before it was known.
  if (claim.mac != endpoint.subject.mac) {
    findings_.check(Property::conflict_reported, endpoint.told_conflict && endpoint.told.mac == claim.mac, [&] {
      return fmt::format("{} claims {}, and nobody is told", format_mac(claim.mac),
                         format_ipv4(endpoint.subject.address));
    });
    endpoint.contested = endpoint.contested || arpl_slot_contested(&slot, now) != 0;
    if (endpoint.told_conflict && !claim.dropped) judge(endpoint, claim, slot, proven, now);
    if (endpoint.told_over) comes_home(endpoint);
  }
  endpoint.told_conflict = endpoint.told_gave_up = endpoint.told_moves = endpoint.told_over = false;
}

void Conflicts::judge(Endpoint& endpoint, const Claim& claim, const arpl_slot& slot, bool proven,
                      std::uint64_t now) {
  const auto party = endpoint.told.party;
  const auto id = endpoint.told.id;
  const auto address = format_ipv4(endpoint.subject.address);
  if (claim.party != Party::elsewhere) {
    findings_.check(Property::party, party == claim.party,
                    [&] { return address + ": the claimant is on this host"; });
    return;
  }
  const bool several = is_proxy(id, claim, now);
  const bool may_be = several || gateways_.contains(claim.mac);
  if (several && claimants_.size() < kSurelyRemembered) {
    findings_.check(Property::party, party == Party::proxy,
                    [&] { return fmt::format("{} claims several addresses", format_mac(claim.mac)); });
  }
  // Who was one a while ago is still one.
  if (party == Party::proxy) {
    const auto proxied = proxied_at_.find(claim.mac);
    const bool was = proxied != proxied_at_.end() && now - proxied->second <= kProxyNs;
    findings_.check(Property::party, may_be || was,
                    [&] { return fmt::format("{} is no proxy", format_mac(claim.mac)); });
    return;
  }
  auto& place = place_of(endpoint);
  const bool was_moving =
      place.moving && !endpoint.told_moves && !place.moves.empty() && now < place.moves.back() + kStillNs;
  move(place, claim.mac, now, endpoint.told_moves);
  if (was_moving || endpoint.told_moves) return;
  const bool gave_up_before = endpoint.gave_up && !endpoint.told_gave_up;
  if (gave_up_before) return;
  const bool again = endpoint.conflict_at != 0 && now - endpoint.conflict_at < kDefendIntervalNs;
  endpoint.conflict_at = now;
  const bool must =
      settings_.on_conflict == OnConflict::never || (settings_.on_conflict == OnConflict::once && again);
  findings_.check(Property::gave_up, endpoint.told_gave_up == must,
                  [&] { return address + (must ? " is not given up" : " is given up too soon"); });
  ++place.claims_to_defend;
  const bool recent = place.defended_at != 0 && now - place.defended_at < kDefendIntervalNs + latency_;
  if (defending(settings_.on_conflict) && proven && !must && !recent && endpoint.subject.announceable &&
      slot.word != 0 && endpoint.defend_by == kNever)
    endpoint.defend_by = now + latency_;
}

void Conflicts::defends(Id id, std::uint64_t now) {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return;
  auto& endpoint = at->second;
  auto& place = place_of(endpoint);
  const auto address = format_ipv4(endpoint.subject.address);
  findings_.check(
      Property::defence_allowed,
      defending(settings_.on_conflict) && place.claims_to_defend > 0 && !endpoint.gave_up && !moving(id, now),
      [&] { return address + " is defended against nobody, or by nobody's wish"; });
  findings_.check(
      Property::defence_interval, place.defended_at == 0 || now - place.defended_at >= kDefendIntervalNs,
      [&] { return fmt::format("{} was defended {} ms ago", address, (now - place.defended_at) / kMs); });
  findings_.check(Property::defended, true, [] { return ""; });
  place.defended_at = now;
  place.claims_to_defend = 0;
  endpoint.defend_by = kNever;
}

void Conflicts::tick(Id id, const arpl_slot& slot, std::uint64_t now) {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return;
  auto& endpoint = at->second;
  endpoint.told_conflict = endpoint.told_gave_up = endpoint.told_moves = false;  // it was no claim's
  const auto address = format_ipv4(endpoint.subject.address);
  if (now > endpoint.defend_by && !refuses_) {
    findings_.fail(Property::defended, address + " is not defended");
    endpoint.defend_by = kNever;
  }
  if (arpl_slot_contested(&slot, now) != 0) {
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
  auto& place = place_of(endpoint);
  if (place.moving && now > place.still_by) {
    findings_.fail(Property::moves_end, address + " keeps still, and nobody is told");
    place.moving = false;
    place.still_by = kNever;
  }
}

void Conflicts::absent(std::uint64_t now) {
  for (auto& [id, endpoint] : endpoints_) {
    if (endpoint.defend_by != kNever) endpoint.defend_by = now + latency_;
    if (endpoint.over_by != kNever) endpoint.over_by = now + latency_;
  }
  for (auto& [address, place] : places_)
    if (place.still_by < now + latency_) place.still_by = now + latency_;
}

bool Conflicts::gave_up(Id id) const {
  const auto at = endpoints_.find(id);
  return at != endpoints_.end() && at->second.gave_up;
}

bool Conflicts::moving(Id id, std::uint64_t now) const {
  const auto at = endpoints_.find(id);
  if (at == endpoints_.end()) return false;
  const auto place = places_.find({at->second.subject.vlan, at->second.subject.address});
  return place != places_.end() && place->second.moving && !place->second.moves.empty() &&
         now < place->second.moves.back() + kStillNs;
}

}  // namespace arpline::sim
