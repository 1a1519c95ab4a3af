// SPDX-License-Identifier: Apache-2.0
#include "protocol/protocol.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "shared/abi.h"

namespace arpline {
namespace {

constexpr std::uint64_t kRetryNs = 1'000'000;

template <class T>
void publish(T& word, T value) {
  std::atomic_ref<T>(word).store(value, std::memory_order_seq_cst);
}

// At least one of what there is.
std::uint64_t ahead_of(std::uint64_t pps) {
  return pps == 1 ? 1 : pps / 2;
}

ReportKind told_of(PathState before, PathState now) {
  if (now == PathState::suspect) return ReportKind::path_suspect;
  if (now == PathState::lost) return ReportKind::path_lost;
  return before == PathState::lost ? ReportKind::path_back : ReportKind::path_fine;
}

}  // namespace

// What the path prober wants done, at one moment.
class Protocol::Out final : public PathProber::Out {
 public:
  Out(Protocol& protocol, std::uint64_t now, Actions& actions)
      : protocol_(protocol), now_(now), actions_(actions) {}

  // The programs listen from before the question is on its way. It may have stopped answering just now: the
  // next look ends this.
  bool ask(Id id, Ipv4 gateway, Mac to) override {
    if (!protocol_.may_be_announced(id, now_)) return true;
    const auto& subject = protocol_.endpoints_[id].subject;
    publish<__be32>(protocol_.tables_.stats[id].awaits, gateway);
    return protocol_.send({.id = id,
                           .purpose = Purpose::ask_gateway,
                           .frame = arpl_who_has(subject.mac, subject.address, gateway,
                                                 to == 0 ? ARPL_MAC_BROADCAST : to, subject.vlan)},
                          actions_);
  }

  void listen(Id id, Ipv4 gateway) override { publish<__be32>(protocol_.tables_.stats[id].awaits, gateway); }

  // RFC 5227's form, with sender IP 0: the parent may have no address here, and nobody learns anything by it.
  bool ask_as_host(Ipv4 gateway, std::uint16_t vlan) override {
    auto& limits = *protocol_.tables_.limits;
    publish<__u64>(limits.host_awaits, ARPL_AWAITS(gateway, vlan));
    return protocol_.send(
        {.purpose = Purpose::ask_as_host, .frame = arpl_probe(limits.parent_mac, gateway, vlan)}, actions_);
  }

  void announce(Id id) override {
    protocol_.announcer_.appear(id, now_, false, protocol_.endpoints_[id].subject.owner);
  }

  void changed(Id id, PathState before, PathState now) override {
    if (before != PathState::unknown || now != PathState::reachable)
      actions_.report({.id = id, .kind = told_of(before, now)});
  }

  void gateway_answered(Id id, Mac mac) override {
    const auto& endpoint = protocol_.endpoints_[id];
    protocol_.defender_.know_gateway({endpoint.subject.vlan, endpoint.gateway}, mac, now_);
  }

  void gateway_moved(Id id, Mac mac) override {
    actions_.report({.id = id, .kind = ReportKind::gateway_moved, .mac = mac});
  }

  void disputed(Id id, Mac mac) override {
    actions_.report({.id = id, .kind = ReportKind::gateway_disputed, .mac = mac});
  }

 private:
  Protocol& protocol_;
  std::uint64_t now_;
  Actions& actions_;
};

Protocol::Protocol(const Settings& settings, ProtocolTables tables, std::uint64_t seed)
    : settings_(settings),
      tables_(tables),
      rng_(seed),
      pace_(settings.announce.pps),
      ahead_(ahead_of(settings.announce.pps), pace_),
      asking_pace_(settings.announce.pps),
      announcer_(settings.announce),
      path_prober_(settings.path_probe_ns) {
  address_prober_.set_mode(settings.probe);
  defender_.set_policy(settings.on_conflict);
}

void Protocol::set(const Settings& settings, std::uint64_t now) {
  settings_ = settings;
  pace_.set(settings.announce.pps);
  ahead_.set(ahead_of(settings.announce.pps));
  asking_pace_.set(settings.announce.pps);
  announcer_.set_schedule(settings.announce, now);
  address_prober_.set_mode(settings.probe);
  defender_.set_policy(settings.on_conflict);
  if (settings.on_conflict == OnConflict::alert || settings.on_conflict == OnConflict::never) drop_defences();
  path_prober_.set_period(settings.path_probe_ns, now);
  for (Id id = 0; id < endpoints_.size(); ++id) watch_path(id, now);
}

// Whoever asks a gateway that has come here, or has gone, asks otherwise from now on.
void Protocol::settle_gateways(const Address& address, bool here, std::uint64_t now) {
  auto& count = here_[address];
  count += here ? 1U : -1U;
  if (count == 0) here_.erase(address);
  const auto askers = askers_.find(address);
  if (askers == askers_.end()) return;
  for (const auto id : askers->second) watch_path(id, now);
}

// A gateway that is here can't answer through the wire: nobody is asked.
void Protocol::watch_path(Id id, std::uint64_t now) {
  const auto& endpoint = endpoints_[id];
  if (!endpoint.allowed || endpoint.unproven) return;
  const auto& subject = endpoint.subject;
  const auto at = here_.contains({subject.vlan, endpoint.gateway}) ? PathState::sibling
                  : endpoint.gateway_at_parent                     ? PathState::host
                                                                   : PathState::unknown;
  path_prober_.watch(id, {.gateway = endpoint.gateway, .vlan = subject.vlan, .owner = subject.owner, .at = at},
                     now);
}

void Protocol::ask_nobody(Id id) {
  auto& endpoint = endpoints_[id];
  const auto askers = askers_.find({endpoint.subject.vlan, endpoint.gateway});
  if (askers == askers_.end()) return;
  askers->second.erase(id);
  if (askers->second.empty()) askers_.erase(askers);
  endpoint.gateway = 0;
  endpoint.gateway_at_parent = false;
}

void Protocol::put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now,
                   Actions& actions) {
  if (id >= endpoints_.size()) endpoints_.resize(id + 1);
  auto& endpoint = endpoints_[id];
  if (endpoint.known && endpoint.subject == subject && arrival == Arrival::found) return;
  const bool same = endpoint.known && endpoint.subject.mac == subject.mac &&
                    endpoint.subject.address == subject.address && endpoint.subject.vlan == subject.vlan;
  end(id);
  if (!same || endpoint.subject.owner != subject.owner) drop_defence(id);
  if (!same) leave(id, now);
  const bool came = !std::exchange(endpoint.known, true);
  endpoint.subject = subject;
  endpoint.allowed = false;
  endpoint.changed = endpoint.changed || (arrival == Arrival::changed && !same);
  endpoint.unproven = endpoint.unproven || (arrival == Arrival::changed && !same);
  endpoint.troubled = true;
  if (came) settle_gateways({subject.vlan, subject.address}, true, now);
  if (defender_.settle(id, subject, arrival, now))
    actions.report({.id = id, .kind = ReportKind::moves_too_often, .mac = subject.mac});
  judge(id, now, actions);
}

void Protocol::erase(Id id, std::uint64_t now) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  end(id);
  drop_defence(id);
  defender_.forget(id, now);
  leave(id, now);
}

// Nothing of what was there is known any more.
void Protocol::leave(Id id, std::uint64_t now) {
  auto& endpoint = endpoints_[id];
  if (!endpoint.known) return;
  ask_nobody(id);
  const Address address{endpoint.subject.vlan, endpoint.subject.address};
  endpoint = {.heard = tables_.slots[id].claimed_at};
  settle_gateways(address, false, now);
}

void Protocol::drop_defences() {
  for (Id id = 0; id < endpoints_.size(); ++id) drop_defence(id);
}

void Protocol::drop_defence(Id id) {
  auto& endpoint = endpoints_[id];
  if (std::exchange(endpoint.to_defend, false))
    to_defend_.erase(endpoint.subject.owner, endpoint.to_defend_at, id);
}

void Protocol::set_gateway(Id id, Ipv4 gateway, bool at_parent, std::uint64_t now) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  auto& endpoint = endpoints_[id];
  ask_nobody(id);
  endpoint.gateway = gateway;
  endpoint.gateway_at_parent = at_parent;
  if (gateway != 0) askers_[{endpoint.subject.vlan, gateway}].insert(id);
  watch_path(id, now);
}

void Protocol::carrier_up(std::uint64_t now) {
  for (Id id = 0; id < endpoints_.size(); ++id)
    if (endpoints_[id].allowed && !endpoints_[id].unproven)
      announcer_.appear(id, now, false, endpoints_[id].subject.owner);
}

bool Protocol::may_be_announced(Id id, std::uint64_t now) const {
  const auto& endpoint = endpoints_[id];
  const auto& slot = tables_.slots[id];
  return endpoint.subject.announceable && slot.word != 0 && arpl_slot_unanswered(&slot) == 0 &&
         (!endpoint.troubled || defender_.allows(id, now));
}

bool Protocol::speaks_for(Id id, Mac mac, std::uint64_t now) const {
  return id < endpoints_.size() && endpoints_[id].known && endpoints_[id].subject.mac == mac &&
         may_be_announced(id, now);
}

// The programs tell of no more claims than their budget allows. What they saw and did not tell within a look is
// somebody's on the wire: who is here has a budget of his own.
void Protocol::note_unheard(Id id, std::uint64_t now) {
  auto& endpoint = endpoints_[id];
  const auto claimed_at = tables_.slots[id].claimed_at;
  if (claimed_at <= endpoint.heard) {
    endpoint.unheard = 0;
  } else if (endpoint.unheard == 0) {
    endpoint.unheard = now;
  } else if (now - endpoint.unheard >= kLookNs) {
    endpoint.heard = claimed_at;
    endpoint.unheard = 0;
    endpoint.troubled = true;
    defender_.disturb(id, now);
  }
}

void Protocol::judge(Id id, std::uint64_t now, Actions& actions) {
  auto& endpoint = endpoints_[id];
  note_unheard(id, now);
  const bool contested = arpl_slot_contested(&tables_.slots[id], now) != 0;
  if (endpoint.contested && !contested) actions.report({.id = id, .kind = ReportKind::conflict_over});
  if (endpoint.troubled) {  // the others are many
    const auto state = defender_.state(id, now);
    if (endpoint.moving && !state.moves_too_often)
      actions.report({.id = id, .kind = ReportKind::moves_no_more});
    endpoint.moving = state.moves_too_often;
    endpoint.troubled = state.moves_too_often || state.gave_up || state.silent;
  }
  endpoint.contested = contested;
  const bool allowed = may_be_announced(id, now);
  if (allowed == endpoint.allowed) return;
  endpoint.allowed = allowed;
  if (allowed) {
    begin(id, now);
  } else {
    end(id);
  }
}

void Protocol::begin(Id id, std::uint64_t now) {
  if (endpoints_[id].unproven && address_prober_.start(id, now, rng_, endpoints_[id].subject.owner)) return;
  use(id, now);
}

// The address is free, or nobody wants to know.
void Protocol::use(Id id, std::uint64_t now) {
  auto& endpoint = endpoints_[id];
  endpoint.unproven = false;
  announcer_.appear(id, now, endpoint.changed, endpoint.subject.owner);
  watch_path(id, now);
}

void Protocol::end(Id id) {
  announcer_.hold(id);
  address_prober_.stop(id);
  path_prober_.stop(id);
}

void Protocol::on_claim(Id id, Claim claim, std::uint64_t now, Actions& actions) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  auto& endpoint = endpoints_[id];
  endpoint.heard = std::max<std::uint64_t>(endpoint.heard, tables_.slots[id].claimed_at);
  // Its own MAC was heard before it was known to be its own.
  if (claim.mac == endpoint.subject.mac) return;
  const auto verdict = defender_.on_claim(id, claim, now);
  endpoint.troubled = true;
  const auto report = [&](ReportKind told) {
    actions.report({.id = id, .kind = told, .mac = claim.mac, .origin = verdict.origin});
  };
  report(ReportKind::conflict);
  if (verdict.gave_up) report(ReportKind::gave_up);
  // RFC 5227 section 2.1.1: what is not known to be free is not ours to defend.
  const bool proven = settings_.probe == ProbeMode::off || !endpoint.unproven;
  if (verdict.defend && proven && !std::exchange(endpoint.to_defend, true)) {
    endpoint.claimant = claim.mac;
    endpoint.to_defend_at = now;
    to_defend_.put(endpoint.subject.owner, now, id);
  }
  judge(id, now, actions);
}

void Protocol::on_answer(Id id, Mac gateway_mac, std::uint64_t at, Actions& actions) {
  Out out{*this, at, actions};
  path_prober_.answered(id, gateway_mac, at, out);
}

void Protocol::on_host_answer(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at) {
  path_prober_.host_answered(gateway, vlan, at);
}

void Protocol::look(std::uint64_t now, Actions& actions) {
  if (now < look_at_) return;
  look_at_ = now + kLookNs;
  for (Id id = 0; id < endpoints_.size(); ++id)
    if (endpoints_[id].known) judge(id, now, actions);
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

// RFC 5227 section 2.4: one announcement, as a request. What has changed meanwhile is not defended.
std::uint64_t Protocol::defend(std::uint64_t now, Actions& actions) {
  while (const auto due = to_defend_.due(now)) {
    const auto id = *due;
    const auto claimant = endpoints_[id].claimant;
    const auto& [mac, address, vlan, announceable, vepa, owner] = endpoints_[id].subject;
    const auto state = defender_.state(id, now);
    if (announceable && tables_.slots[id].word != 0 && !state.gave_up && !state.moves_too_often) {
      if (!ahead_.take(now)) return ahead_.when(now);
      const Outgoing out{.id = id, .purpose = Purpose::defend, .frame = arpl_announcement(mac, address, vlan)};
      if (!send(out, actions)) return now + kRetryNs;
      to_defend_.served(owner);
      defender_.defended(id, now);
      actions.report({.id = id, .kind = ReportKind::defended, .mac = claimant});
    }
    drop_defence(id);
  }
  return kNever;
}

std::uint64_t Protocol::probe(std::uint64_t now, Actions& actions) {
  std::vector<Id> free;
  const auto wake = address_prober_.tick(
      now, rng_, ahead_,
      [&](Id id) {
        const auto& subject = endpoints_[id].subject;
        return send({.id = id,
                     .purpose = Purpose::probe,
                     .frame = arpl_probe(subject.mac, subject.address, subject.vlan)},
                    actions);
      },
      free);
  for (const auto id : free) {
    defender_.prove(id);
    use(id, now);
  }
  return wake;
}

// Something may have changed since it was planned.
Announcer::Sent Protocol::announce(const Announcer::Due& due, std::uint64_t now, Actions& actions) {
  auto& endpoint = endpoints_[due.id];
  if (!may_be_announced(due.id, now)) {
    judge(due.id, now, actions);
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

// Defences and probes before announcements: they can't wait.
std::uint64_t Protocol::tick(std::uint64_t now, Actions& actions) {
  look(now, actions);
  auto wake = std::min(look_at_, defend(now, actions));
  wake = std::min(wake, probe(now, actions));
  Out out{*this, now, actions};
  wake = std::min(wake, path_prober_.tick(now, asking_pace_, out));
  const auto send = [&](const Announcer::Due& due) { return announce(due, now, actions); };
  return std::max(now + 1, std::min(wake, announcer_.tick(now, pace_, send)));
}

Protocol::View Protocol::view(Id id, std::uint64_t now) const {
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

double Protocol::refreshes_per_second() const {
  if (settings_.announce.refresh_ns == 0) return 0;
  const auto count = std::ranges::count_if(endpoints_, &Endpoint::allowed);
  return static_cast<double>(count) * 1e9 / static_cast<double>(settings_.announce.refresh_ns) *
         announcer_.frames();
}

}  // namespace arpline
