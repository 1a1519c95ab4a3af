// SPDX-License-Identifier: Apache-2.0
#include "protocol/protocol.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/shared_word.hpp"
#include "shared/abi.h"

namespace arpline {
namespace {

constexpr Duration kRetry = 1ms;

// Half of the rate, but never 0 of a rate that is not 0.
std::uint64_t urgent_rate(std::uint64_t pps) {
  return pps == 1 ? 1 : pps / 2;
}

ReportKind report_kind(PathState before, PathState now) {
  if (now == PathState::suspect) return ReportKind::path_suspect;
  if (now == PathState::lost) return ReportKind::path_lost;
  return before == PathState::lost ? ReportKind::path_back : ReportKind::path_fine;
}

}  // namespace

// Carries out the path prober's effects at one point of time.
class Protocol::Effects final : public PathProber::Effects {
 public:
  Effects(Protocol& protocol, Instant now, Actions& actions)
      : protocol_(protocol), now_(now), actions_(actions) {}

  // Published before the who-has is sent, so that the programs can't miss the answer. An endpoint that may not
  // be announced any more sends nothing; the next poll stops its probing.
  bool ask(Id id, Ipv4 gateway, Mac to) override {
    if (!protocol_.may_be_announced(id, now_)) return true;
    const auto& subject = protocol_.endpoints_[id].subject;
    publish(protocol_.tables_.stats[id].awaits, gateway);
    return protocol_.send({.id = id,
                           .purpose = Purpose::ask_gateway,
                           .frame = arpl_who_has(subject.mac, subject.address, gateway,
                                                 to == 0 ? ARPL_MAC_BROADCAST : to, subject.vlan)},
                          actions_);
  }

  void listen(Id id, Ipv4 gateway) override { publish(protocol_.tables_.stats[id].awaits, gateway); }

  // A probe (sender IP 0), because the parent may have no address here, and so that no station learns one.
  bool ask_as_host(Ipv4 gateway, std::uint16_t vlan) override {
    auto& limits = *protocol_.tables_.limits;
    publish(limits.host_awaits, ARPL_AWAITS(gateway, vlan));
    return protocol_.send(
        {.purpose = Purpose::ask_as_host, .frame = arpl_probe(limits.parent_mac, gateway, vlan)}, actions_);
  }

  void announce(Id id) override {
    protocol_.announcer_.appear(id, now_, false, protocol_.endpoints_[id].subject.owner);
  }

  void changed(Id id, PathState before, PathState now) override {
    if (before != PathState::unknown || now != PathState::reachable)
      actions_.report({.id = id, .kind = report_kind(before, now)});
  }

  void gateway_answered(Id id, Mac mac) override {
    const auto& endpoint = protocol_.endpoints_[id];
    protocol_.defender_.on_gateway_answer({endpoint.subject.vlan, endpoint.gateway}, mac, now_);
  }

  void gateway_moved(Id id, Mac mac) override {
    actions_.report({.id = id, .kind = ReportKind::gateway_moved, .mac = mac});
  }

  void disputed(Id id, Mac mac) override {
    actions_.report({.id = id, .kind = ReportKind::gateway_disputed, .mac = mac});
  }

 private:
  Protocol& protocol_;
  Instant now_;
  Actions& actions_;
};

Protocol::Protocol(const Settings& settings, ProtocolTables tables, std::uint64_t seed)
    : settings_(settings),
      tables_(tables),
      rng_(seed),
      limiter_(settings.announce.pps),
      urgent_limiter_(urgent_rate(settings.announce.pps), limiter_),
      path_limiter_(settings.announce.pps),
      announcer_(settings.announce),
      path_prober_(settings.path_probe) {
  address_prober_.set_mode(settings.probe);
  defender_.set_policy(settings.on_conflict);
}

void Protocol::set(const Settings& settings, Instant now) {
  settings_ = settings;
  limiter_.set(settings.announce.pps);
  urgent_limiter_.set(urgent_rate(settings.announce.pps));
  path_limiter_.set(settings.announce.pps);
  announcer_.set_schedule(settings.announce, now);
  address_prober_.set_mode(settings.probe);
  defender_.set_policy(settings.on_conflict);
  if (settings.on_conflict == OnConflict::alert || settings.on_conflict == OnConflict::never) drop_defences();
  path_prober_.set_period(settings.path_probe, now);
  for (Id id = 0; id < endpoints_.size(); ++id) watch_path(id, now);
}

// An endpoint has appeared or gone: the endpoints that use its address as their gateway switch between probing
// and PathState::sibling.
void Protocol::update_gateway_users(const Address& address, bool here, Instant now) {
  auto& count = addresses_[address];
  count += here ? 1U : -1U;
  if (count == 0) addresses_.erase(address);
  const auto users = gateway_users_.find(address);
  if (users == gateway_users_.end()) return;
  for (const auto id : users->second) watch_path(id, now);
}

// A gateway on this host can't answer through the wire, so it is not probed.
void Protocol::watch_path(Id id, Instant now) {
  const auto& endpoint = endpoints_[id];
  if (!endpoint.allowed || endpoint.to_probe) return;
  const auto& subject = endpoint.subject;
  const auto at = addresses_.contains({subject.vlan, endpoint.gateway}) ? PathState::sibling
                  : endpoint.gateway_at_parent                          ? PathState::host
                                                                        : PathState::unknown;
  path_prober_.watch(id, {.gateway = endpoint.gateway, .vlan = subject.vlan, .owner = subject.owner, .at = at},
                     now);
}

void Protocol::clear_gateway(Id id) {
  auto& endpoint = endpoints_[id];
  const auto users = gateway_users_.find({endpoint.subject.vlan, endpoint.gateway});
  if (users == gateway_users_.end()) return;
  users->second.erase(id);
  if (users->second.empty()) gateway_users_.erase(users);
  endpoint.gateway = 0;
  endpoint.gateway_at_parent = false;
}

void Protocol::put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now, Actions& actions) {
  if (id >= endpoints_.size()) endpoints_.resize(id + 1);
  auto& endpoint = endpoints_[id];
  if (endpoint.known && endpoint.subject == subject && arrival == Arrival::found) return;
  const bool same = endpoint.known && endpoint.subject.mac == subject.mac &&
                    endpoint.subject.address == subject.address && endpoint.subject.vlan == subject.vlan;
  stop(id);
  if (!same || endpoint.subject.owner != subject.owner) drop_defence(id);
  if (!same) reset(id, now);
  const bool came = !std::exchange(endpoint.known, true);
  endpoint.subject = subject;
  endpoint.allowed = false;
  endpoint.changed = endpoint.changed || (arrival == Arrival::changed && !same);
  endpoint.to_probe = endpoint.to_probe || (arrival == Arrival::changed && !same);
  endpoint.restricted = true;
  if (came) update_gateway_users({subject.vlan, subject.address}, true, now);
  if (defender_.settle(id, subject, arrival, now))
    actions.report({.id = id, .kind = ReportKind::moves_too_often, .mac = subject.mac});
  update(id, now, actions);
}

void Protocol::erase(Id id, Instant now) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  stop(id);
  drop_defence(id);
  defender_.forget(id, now);
  reset(id, now);
}

// Resets the endpoint. Claims that were reported up to now stay reported.
void Protocol::reset(Id id, Instant now) {
  auto& endpoint = endpoints_[id];
  if (!endpoint.known) return;
  clear_gateway(id);
  const Address address{endpoint.subject.vlan, endpoint.subject.address};
  endpoint = {.reported_claim_at = instant_from_raw(tables_.slots[id].claimed_at)};
  update_gateway_users(address, false, now);
}

void Protocol::drop_defences() {
  for (Id id = 0; id < endpoints_.size(); ++id) drop_defence(id);
}

void Protocol::drop_defence(Id id) {
  auto& endpoint = endpoints_[id];
  if (std::exchange(endpoint.to_defend, false))
    to_defend_.erase(endpoint.subject.owner, endpoint.to_defend_at, id);
}

void Protocol::set_gateway(Id id, Ipv4 gateway, bool at_parent, Instant now) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  auto& endpoint = endpoints_[id];
  clear_gateway(id);
  endpoint.gateway = gateway;
  endpoint.gateway_at_parent = at_parent;
  if (gateway != 0) gateway_users_[{endpoint.subject.vlan, gateway}].insert(id);
  watch_path(id, now);
}

void Protocol::carrier_up(Instant now) {
  for (Id id = 0; id < endpoints_.size(); ++id)
    if (endpoints_[id].allowed && !endpoints_[id].to_probe)
      announcer_.appear(id, now, false, endpoints_[id].subject.owner);
}

bool Protocol::may_be_announced(Id id, Instant now) const {
  const auto& endpoint = endpoints_[id];
  const auto& slot = tables_.slots[id];
  return endpoint.subject.announceable && slot.word != 0 && arpl_slot_unanswered(&slot) == 0 &&
         (!endpoint.restricted || defender_.allows(id, now));
}

bool Protocol::speaks_for(Id id, Mac mac, Instant now) const {
  return id < endpoints_.size() && endpoints_[id].known && endpoints_[id].subject.mac == mac &&
         may_be_announced(id, now);
}

// The programs report claims within a budget, but write claimed_at for each. A claim that is not reported
// within a poll period came from the wire, since claims from this host have a budget of their own.
void Protocol::note_unreported(Id id, Instant now) {
  auto& endpoint = endpoints_[id];
  const auto claimed_at = instant_from_raw(tables_.slots[id].claimed_at);
  if (claimed_at <= endpoint.reported_claim_at) {
    endpoint.unreported_since = kNoTime;
  } else if (endpoint.unreported_since == kNoTime) {
    endpoint.unreported_since = now;
  } else if (now - endpoint.unreported_since >= kPollEvery) {
    endpoint.reported_claim_at = claimed_at;
    endpoint.unreported_since = kNoTime;
    endpoint.restricted = true;
    defender_.on_unreported_claim(id, now);
  }
}

void Protocol::update(Id id, Instant now, Actions& actions) {
  auto& endpoint = endpoints_[id];
  note_unreported(id, now);
  const bool contested = arpl_slot_contested(&tables_.slots[id], raw(now)) != 0;
  if (endpoint.contested && !contested) actions.report({.id = id, .kind = ReportKind::conflict_over});
  if (endpoint.restricted) {  // an optimisation: most endpoints have no conflict
    const auto state = defender_.state(id, now);
    if (endpoint.conflict.moves_too_often && !state.moves_too_often)
      actions.report({.id = id, .kind = ReportKind::moves_no_more});
    endpoint.conflict = state;
    endpoint.restricted = state.moves_too_often || state.gave_up || state.silent;
  }
  endpoint.contested = contested;
  const bool allowed = may_be_announced(id, now);
  if (allowed == endpoint.allowed) return;
  endpoint.allowed = allowed;
  if (allowed) {
    start(id, now);
  } else {
    stop(id);
  }
}

void Protocol::start(Id id, Instant now) {
  if (endpoints_[id].to_probe && address_prober_.start(id, now, rng_, endpoints_[id].subject.owner)) return;
  start_announcing(id, now);
}

// The address is free, or probing is off.
void Protocol::start_announcing(Id id, Instant now) {
  auto& endpoint = endpoints_[id];
  endpoint.to_probe = false;
  announcer_.appear(id, now, endpoint.changed, endpoint.subject.owner);
  watch_path(id, now);
}

void Protocol::stop(Id id) {
  announcer_.hold(id);
  address_prober_.stop(id);
  path_prober_.stop(id);
}

void Protocol::on_claim(Id id, Claim claim, Instant now, Actions& actions) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  auto& endpoint = endpoints_[id];
  endpoint.reported_claim_at =
      std::max(endpoint.reported_claim_at, instant_from_raw(tables_.slots[id].claimed_at));
  // The endpoint's new MAC was heard before netlink reported it.
  if (claim.mac == endpoint.subject.mac) return;
  const auto verdict = defender_.on_claim(id, claim, now);
  endpoint.restricted = true;
  const auto report = [&](ReportKind kind) {
    actions.report({.id = id, .kind = kind, .mac = claim.mac, .origin = verdict.origin});
  };
  report(ReportKind::conflict);
  if (verdict.gave_up) report(ReportKind::gave_up);
  // RFC 5227 section 2.1.1: an address must not be defended before its probing has ended.
  const bool proven = settings_.probe == ProbeMode::off || !endpoint.to_probe;
  if (verdict.defend && proven && !std::exchange(endpoint.to_defend, true)) {
    endpoint.claimant = claim.mac;
    endpoint.to_defend_at = now;
    to_defend_.put(endpoint.subject.owner, now, id);
  }
  update(id, now, actions);
}

void Protocol::on_answer(Id id, Mac gateway_mac, Instant at, Actions& actions) {
  Effects effects{*this, at, actions};
  path_prober_.answered(id, gateway_mac, at, effects);
}

void Protocol::on_host_answer(Ipv4 gateway, std::uint16_t vlan, Instant at) {
  path_prober_.host_answered(gateway, vlan, at);
}

void Protocol::poll_slots(Instant now, Actions& actions) {
  if (now < poll_at_) return;
  poll_at_ = now + kPollEvery;
  Summary found;
  for (Id id = 0; id < endpoints_.size(); ++id) {
    const auto& endpoint = endpoints_[id];
    if (!endpoint.known) continue;
    update(id, now, actions);
    found.contested += endpoint.contested ? 1 : 0;
    found.gave_up += endpoint.conflict.gave_up ? 1 : 0;
    found.moves_too_often += endpoint.conflict.moves_too_often ? 1 : 0;
    found.silent += endpoint.conflict.silent ? 1 : 0;
  }
  polled_ = found;
}

bool Protocol::send(const Outgoing& frame, Actions& actions) {
  if (!actions.send(frame)) return false;
  switch (frame.purpose) {
    case Purpose::announce:
      ++counts_.announcements;
      break;
    case Purpose::defend:
      ++counts_.defences;
      break;
    case Purpose::probe:
      ++counts_.probes;
      break;
    case Purpose::ask_gateway:
    case Purpose::ask_as_host:
      ++counts_.asked;
  }
  return true;
}

// RFC 5227 section 2.4: one announcement, as a request. A defence that is no longer allowed is dropped.
Instant Protocol::defend(Instant now, Actions& actions) {
  while (const auto due = to_defend_.due(now)) {
    const auto id = *due;
    const auto claimant = endpoints_[id].claimant;
    const auto& [mac, address, vlan, announceable, vepa, owner] = endpoints_[id].subject;
    const auto state = defender_.state(id, now);
    if (announceable && tables_.slots[id].word != 0 && !state.gave_up && !state.moves_too_often) {
      if (!urgent_limiter_.take(now)) return urgent_limiter_.when(now);
      const Outgoing out{.id = id, .purpose = Purpose::defend, .frame = arpl_announcement(mac, address, vlan)};
      if (!send(out, actions)) return now + kRetry;
      to_defend_.served(owner);
      defender_.defended(id, now);
      actions.report({.id = id, .kind = ReportKind::defended, .mac = claimant});
    }
    drop_defence(id);
  }
  return kNever;
}

Instant Protocol::probe(Instant now, Actions& actions) {
  std::vector<Id> free;
  const auto wake = address_prober_.tick(
      now, rng_, urgent_limiter_,
      [&](Id id) {
        const auto& subject = endpoints_[id].subject;
        return send({.id = id,
                     .purpose = Purpose::probe,
                     .frame = arpl_probe(subject.mac, subject.address, subject.vlan)},
                    actions);
      },
      free);
  for (const auto id : free) {
    defender_.confirm(id);
    start_announcing(id, now);
  }
  return wake;
}

// Checks again, because the endpoint may have changed since it was planned.
Announcer::Sent Protocol::announce(const Announcer::Due& due, Instant now, Actions& actions) {
  auto& endpoint = endpoints_[due.id];
  if (!may_be_announced(due.id, now)) {
    update(due.id, now, actions);
    return Announcer::Sent::held;
  }
  const auto& subject = endpoint.subject;
  const auto style = settings_.announce.style;
  Outgoing out{.id = due.id, .purpose = Purpose::announce, .inside = due.first_after_change};
  if (style != Style::reply) {
    out.frame = arpl_announcement(subject.mac, subject.address, subject.vlan);
    if (!send(out, actions)) return Announcer::Sent::full;
    out.inside = false;
  }
  if (style != Style::request) {
    out.frame = arpl_announcement_reply(subject.mac, subject.address, subject.vlan);
    if (!send(out, actions) && style == Style::reply) return Announcer::Sent::full;
  }
  defender_.announced(due.id);
  endpoint.announced_at = now;
  endpoint.changed = false;
  return Announcer::Sent::yes;
}

// Defences and probes go before announcements, because they are urgent.
Instant Protocol::tick(Instant now, Actions& actions) {
  poll_slots(now, actions);
  auto wake = std::min(poll_at_, defend(now, actions));
  wake = std::min(wake, probe(now, actions));
  Effects effects{*this, now, actions};
  wake = std::min(wake, path_prober_.tick(now, path_limiter_, effects));
  const auto send = [&](const Announcer::Due& due) { return announce(due, now, actions); };
  return std::max(now + 1ns, std::min(wake, announcer_.tick(now, limiter_, send)));
}

Protocol::View Protocol::view(Id id, Instant now) const {
  if (id >= endpoints_.size() || !endpoints_[id].known) return {};
  const auto state = defender_.state(id, now);
  View view{.announced_at = endpoints_[id].announced_at,
            .probing = address_prober_.probes(id),
            .gave_up = state.gave_up,
            .moves_too_often = state.moves_too_often,
            .silent = state.silent,
            .defended_at = state.defended_at,
            .defences = state.defences,
            .path = path_prober_.view(id, now)};
  const auto* seen = endpoints_[id].subject.vepa ? nullptr : sightings_.of(endpoints_[id].subject.mac);
  if (seen != nullptr) view.seen_outside = *seen;
  return view;
}

Protocol::Summary Protocol::summary() const {
  auto all = polled_;
  all.paths = path_prober_.summary();
  all.announcement_due_at = announcer_.due_at();
  return all;
}

double Protocol::refreshes_per_second() const {
  if (settings_.announce.refresh == 0s) return 0;
  const auto count = std::ranges::count_if(endpoints_, &Endpoint::allowed);
  return static_cast<double>(count) / in_seconds(settings_.announce.refresh) * announcer_.frames();
}

}  // namespace arpline
