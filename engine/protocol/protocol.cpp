// SPDX-License-Identifier: Apache-2.0
#include "protocol/protocol.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "shared/slot.h"

namespace arpline {
namespace {

constexpr std::uint64_t kRetryNs = 1'000'000;

template <class T>
void publish(T& word, T value) {
  std::atomic_ref<T>(word).store(value, std::memory_order_seq_cst);
}

Told told_of(PathState before, PathState now) {
  if (now == PathState::suspect) return Told::path_suspect;
  if (now == PathState::lost) return Told::path_lost;
  return before == PathState::lost ? Told::path_back : Told::path_fine;
}

}  // namespace

// What the path prober wants done, at one moment.
class Protocol::Out final : public PathProber::Out {
 public:
  Out(Protocol& protocol, std::uint64_t now, Actions& actions)
      : protocol_(protocol), now_(now), actions_(actions) {}

  // The programs listen from before the question is on its way. They may have seen a claim just now: the next
  // look ends this.
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

  // RFC 5227's form, with sender IP 0: the parent may have no address here, and nobody learns anything by it.
  bool ask_as_host(Ipv4 gateway, std::uint16_t vlan) override {
    auto& limits = *protocol_.tables_.limits;
    publish<__u64>(limits.host_awaits, ARPL_AWAITS(gateway, vlan));
    return protocol_.send(
        {.purpose = Purpose::ask_as_host, .frame = arpl_probe(limits.parent_mac, gateway, vlan)}, actions_);
  }

  void announce(Id id) override { protocol_.announcer_.appear(id, now_, false); }

  void changed(Id id, PathState before, PathState now) override {
    if (before != PathState::unknown || now != PathState::reachable)
      actions_.report({.id = id, .told = told_of(before, now)});
    if (now != PathState::reachable) return;
    if (const auto view = protocol_.path_prober_.view(id, now_))
      protocol_.defender_.know_gateway(view->gateway_mac);
  }

  void gateway_moved(Id id, Mac mac) override {
    protocol_.defender_.know_gateway(mac);
    actions_.report({.id = id, .told = Told::gateway_moved, .mac = mac});
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
      asking_pace_(settings.announce.pps),
      announcer_(settings.announce),
      path_prober_(settings.path_probe_ns) {
  address_prober_.set_mode(settings.probe);
  defender_.set_policy(settings.on_conflict);
}

void Protocol::set(const Settings& settings, std::uint64_t now) {
  settings_ = settings;
  pace_.set(settings.announce.pps);
  asking_pace_.set(settings.announce.pps);
  announcer_.set_schedule(settings.announce, now);
  address_prober_.set_mode(settings.probe);
  defender_.set_policy(settings.on_conflict);
  if (settings.on_conflict == OnConflict::alert || settings.on_conflict == OnConflict::never) drop_defences();
  path_prober_.set_period(settings.path_probe_ns, now);
  for (Id id = 0; id < endpoints_.size(); ++id)
    if (endpoints_[id].allowed && !endpoints_[id].unproven)
      path_prober_.watch(id, endpoints_[id].gateway, endpoints_[id].subject.vlan, now);
}

void Protocol::put(Id id, const Subject& subject, Arrival arrival, std::uint64_t now, Actions& actions) {
  if (id >= endpoints_.size()) endpoints_.resize(id + 1);
  auto& endpoint = endpoints_[id];
  if (endpoint.known && endpoint.subject == subject && arrival == Arrival::found) return;
  const bool same = endpoint.known && endpoint.subject.mac == subject.mac &&
                    endpoint.subject.address == subject.address && endpoint.subject.vlan == subject.vlan;
  end(id);
  if (!same) {
    drop_defence(id);
    endpoint = {};
  }
  endpoint.subject = subject;
  endpoint.known = true;
  endpoint.allowed = false;
  endpoint.changed = endpoint.changed || (arrival == Arrival::changed && !same);
  endpoint.unproven = endpoint.unproven || (arrival == Arrival::changed && !same);
  endpoint.troubled = true;
  if (defender_.settle(id, subject, now))
    actions.report({.id = id, .told = Told::moves_too_often, .mac = subject.mac});
  judge(id, now, actions);
}

void Protocol::erase(Id id) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  end(id);
  drop_defence(id);
  defender_.forget(id);
  endpoints_[id] = {};
}

void Protocol::drop_defences() {
  for (const auto& [id, claimant] : to_defend_) endpoints_[id].to_defend = false;
  to_defend_.clear();
}

void Protocol::drop_defence(Id id) {
  if (!std::exchange(endpoints_[id].to_defend, false)) return;
  std::erase_if(to_defend_, [id](const auto& one) { return one.first == id; });
}

void Protocol::set_gateway(Id id, Ipv4 gateway, std::uint64_t now) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  auto& endpoint = endpoints_[id];
  endpoint.gateway = gateway;
  if (endpoint.allowed && !endpoint.unproven) path_prober_.watch(id, gateway, endpoint.subject.vlan, now);
}

void Protocol::carrier_up(std::uint64_t now) {
  for (Id id = 0; id < endpoints_.size(); ++id)
    if (endpoints_[id].allowed && !endpoints_[id].unproven) announcer_.appear(id, now, false);
}

bool Protocol::may_be_announced(Id id, std::uint64_t now) const {
  const auto& endpoint = endpoints_[id];
  return endpoint.subject.announceable && arpl_slot_announceable(&tables_.slots[id], now) != 0 &&
         (!endpoint.troubled || defender_.allows(id, now));
}

bool Protocol::speaks_for(Id id, Mac mac, std::uint64_t now) const {
  return id < endpoints_.size() && endpoints_[id].known && endpoints_[id].subject.mac == mac &&
         may_be_announced(id, now);
}

void Protocol::judge(Id id, std::uint64_t now, Actions& actions) {
  auto& endpoint = endpoints_[id];
  const bool contested = arpl_slot_contested(&tables_.slots[id], now) != 0;
  if (endpoint.contested && !contested) {
    defender_.undisputed(id);
    actions.report({.id = id, .told = Told::conflict_over});
  }
  if (endpoint.troubled) {  // the others are many
    const auto state = defender_.state(id, now);
    if (endpoint.moving && !state.moves_too_often) actions.report({.id = id, .told = Told::moves_no_more});
    endpoint.moving = state.moves_too_often;
    endpoint.troubled = state.moves_too_often || state.gave_up;
  }
  endpoint.contested = contested;
  const bool allowed = may_be_announced(id, now);
  if (allowed == endpoint.allowed) return;
  if (allowed) {
    begin(id, now);
  } else {
    end(id);
  }
  endpoint.allowed = allowed;
}

void Protocol::begin(Id id, std::uint64_t now) {
  if (endpoints_[id].unproven && address_prober_.start(id, now, rng_)) return;
  use(id, now);
}

// The address is free, or nobody wants to know.
void Protocol::use(Id id, std::uint64_t now) {
  auto& endpoint = endpoints_[id];
  endpoint.unproven = false;
  announcer_.appear(id, now, endpoint.changed);
  path_prober_.watch(id, endpoint.gateway, endpoint.subject.vlan, now);
}

void Protocol::end(Id id) {
  announcer_.hold(id);
  address_prober_.stop(id);
  path_prober_.stop(id);
}

void Protocol::on_claim(Id id, Claim claim, std::uint64_t now, Actions& actions) {
  if (id >= endpoints_.size() || !endpoints_[id].known) return;
  // Its own MAC was heard before it was known to be its own.
  if (claim.mac == endpoints_[id].subject.mac) return;
  const auto verdict = defender_.on_claim(id, claim, now);
  endpoints_[id].troubled = true;
  const auto report = [&](Told told) {
    actions.report({.id = id, .told = told, .mac = claim.mac, .party = verdict.party});
  };
  report(Told::conflict);
  if (verdict.gave_up) report(Told::gave_up);
  if (verdict.moves_too_often) report(Told::moves_too_often);
  // RFC 5227 section 2.1.1: what is not known to be free is not ours to defend.
  const bool proven = settings_.probe == ProbeMode::off || !endpoints_[id].unproven;
  if (verdict.defend && proven && !std::exchange(endpoints_[id].to_defend, true))
    to_defend_.emplace_back(id, claim.mac);
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
  for (; !to_defend_.empty(); to_defend_.pop_front()) {
    const auto [id, claimant] = to_defend_.front();
    auto& endpoint = endpoints_[id];
    const auto& [mac, address, vlan, announceable, vepa] = endpoint.subject;
    if (announceable && tables_.slots[id].word != 0 && defender_.allows(id, now)) {
      if (!pace_.take(now)) return pace_.when(now);
      const Outgoing out{.id = id, .purpose = Purpose::defend, .frame = arpl_announcement(mac, address, vlan)};
      if (!send(out, actions)) return now + kRetryNs;
      defender_.defended(id, now);
      actions.report({.id = id, .told = Told::defended, .mac = claimant});
    }
    endpoint.to_defend = false;
  }
  return kNever;
}

std::uint64_t Protocol::probe(std::uint64_t now, Actions& actions) {
  std::vector<Id> free;
  const auto wake = address_prober_.tick(
      now, rng_, pace_,
      [&](Id id) {
        const auto& subject = endpoints_[id].subject;
        return send({.id = id,
                     .purpose = Purpose::probe,
                     .frame = arpl_probe(subject.mac, subject.address, subject.vlan)},
                    actions);
      },
      free);
  for (const auto id : free) use(id, now);
  return wake;
}

// The programs may have seen a claim just now.
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
         announcer_.frames(false);
}

}  // namespace arpline
