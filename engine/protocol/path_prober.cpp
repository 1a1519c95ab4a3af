// SPDX-License-Identifier: Apache-2.0
#include "protocol/path_prober.hpp"

#include <algorithm>
#include <utility>

namespace arpline {
namespace {

// The announcement has to reach the switch before the who-has that follows.
constexpr Duration kBehindAnnouncement = 100ms;

}  // namespace

void PathProber::queue(Id id, Path& path, Instant at) {
  if (path.at != kNever) queue_.erase(path.wanted.owner, path.at, id);
  path.at = at;
  if (at != kNever) queue_.put(path.wanted.owner, at, id);
}

// The configured period while the rate limit suffices for all endpoints. Otherwise each namespace has an equal
// share of the rate, and its period is doubled until the share suffices for its endpoints.
Duration PathProber::period(NetnsKey owner) const {
  const auto room_for = [this](std::size_t count) {
    return interval_ * static_cast<Duration::rep>(count) * 5 / 4;
  };
  auto period = every_;
  if (room_for(probed_) <= period) return period;
  const auto own = probed_of_netns_.find(owner);
  const auto needed = room_for(probed_of_netns_.size() * (own == probed_of_netns_.end() ? 1 : own->second));
  while (period != 0s && period < needed) period *= 2;
  return period;
}

// Schedules the next regular who-has.
void PathProber::schedule_regular(Id id, Path& path, Instant now) {
  path.step = Step::regular;
  queue(id, path, next_turn(id, period(path.wanted.owner), now));
}

void PathProber::set_period(Duration every, Instant now) {
  if (every == every_) return;
  every_ = every;
  if (every == 0s) {
    paths_.clear();
    summary_.by_state = {};
    queue_.clear();
    probed_of_netns_.clear();
    probed_ = 0;
  }
  for (auto& [id, path] : paths_)
    if (path.asked_at == kNoTime && path.at != kNever && path.step == Step::regular)
      schedule_regular(id, path, now);
}

void PathProber::watch(Id id, const Wanted& wanted, Instant now) {
  const auto it = paths_.find(id);
  if (it != paths_.end() && it->second.wanted == wanted) return;
  stop(id);
  if (wanted.gateway == 0 || every_ == 0s) return;
  auto& path = paths_[id];
  path.view = {.gateway = wanted.gateway, .state = wanted.at, .since = now};
  path.wanted = wanted;
  ++count_of(wanted.at);
  if (wanted.at != PathState::unknown) return;
  ++probed_of_netns_[wanted.owner];
  ++probed_;
  schedule_regular(id, path, now);
}

void PathProber::stop(Id id) {
  const auto it = paths_.find(id);
  if (it == paths_.end()) return;
  queue(id, it->second, kNever);
  --count_of(it->second.view.state);
  if (it->second.wanted.at == PathState::unknown) {
    const auto own = probed_of_netns_.find(it->second.wanted.owner);
    if (--own->second == 0) probed_of_netns_.erase(own);
    --probed_;
  }
  paths_.erase(it);
}

void PathProber::set_state(Id id, Path& path, PathState state, Instant now, Effects& effects) {
  const auto before = path.view.state;
  if (before == state) return;
  --count_of(before);
  ++count_of(state);
  path.view.state = state;
  path.view.since = now;
  if (state == PathState::suspect) path.failing_since = now;
  effects.changed(id, before, state);
}

void PathProber::request_host_who_has(const Path& path) {
  const Gateway key{path.wanted.vlan, path.view.gateway};
  if (!hosts_.contains(key) && hosts_.size() >= kMostGateways)
    hosts_.erase(std::ranges::min_element(hosts_, {}, [](const auto& one) { return one.second.asked_at; }));
  hosts_[key].wanted = true;
}

// The awaited answer has not come in time. In Step::listen nobody was asked, so silence is the good case.
void PathProber::on_timeout(Id id, Path& path, Instant now, Effects& effects) {
  path.asked_at = kNoTime;
  if (path.step == Step::listen) return accept(id, path, path.candidate, now, effects);
  if (path.step == Step::verify) {
    dispute(id, path, path.candidate, now, effects);
    path.step = path.unverified_step;
  }
  fail(id, path, now, effects);
}

// A who-has got no answer that counts as the gateway's.
void PathProber::fail(Id id, Path& path, Instant now, Effects& effects) {
  path.candidate = 0;
  path.answered_once = false;
  const bool disputed = path.stray_answers > 0;
  path.stray_answers = 0;
  if (path.view.state == PathState::lost || path.step == Step::announced) {
    schedule_regular(id, path, now);
    if (disputed) return;
    path.announced = false;
    return set_state(id, path, PathState::lost, now, effects);
  }
  request_host_who_has(path);
  path.stray_answers = disputed ? 1 : 0;
  if (path.step == Step::regular) {
    path.step = Step::broadcast;
    queue(id, path, now);
    return set_state(id, path, PathState::suspect, now, effects);
  }
  path.step = Step::announced;
  queue(id, path, now + kBehindAnnouncement);
  if (!std::exchange(path.announced, true)) effects.announce(id);
}

bool PathProber::ask(Id id, Path& path, Instant now, Effects& effects) {
  const bool unicast =
      path.step == Step::regular && (path.view.state == PathState::reachable || path.answered_once);
  path.asked_mac = path.step == Step::verify ? path.candidate : unicast ? path.view.gateway_mac : 0;
  if (!effects.ask(id, path.view.gateway, path.asked_mac)) return false;
  if (path.view.state == PathState::lost) request_host_who_has(path);
  path.asked_at = now;
  path.open_until = kNoTime;
  queue(id, path, now + kAnswerWithin);
  return true;
}

void PathProber::listen(Id id, Path& path, Instant now, Effects& effects) {
  effects.listen(id, path.view.gateway);
  path.asked_at = now;
  path.open_until = kNoTime;
  queue(id, path, now + kAnswerWithin);
}

void PathProber::dispute(Id id, Path& path, Mac mac, Instant at, Effects& effects) {
  path.view.disputed_by = mac;
  path.view.disputed_at = at;
  ++path.stray_answers;
  if (path.dispute_reported_at != kNoTime && at - std::min(at, path.dispute_reported_at) < kDisputedEvery)
    return;
  path.dispute_reported_at = at;
  effects.disputed(id, mac);
}

// A MAC that was not asked has answered. The one that was asked may still answer.
void PathProber::on_stray(Id id, Path& path, Mac mac, Instant at, Effects& effects) {
  dispute(id, path, mac, at, effects);
  if (path.stray_answers < kMostStrays) effects.listen(id, path.view.gateway);
}

// Whether the answer counts as the gateway's; otherwise moves the path to its next step.
bool PathProber::examine(Id id, Path& path, Mac mac, Instant at, Effects& effects) {
  if (path.step == Step::listen) {
    dispute(id, path, mac, at, effects);
    path.asked_at = kNoTime;
    path.step = path.unverified_step;
    fail(id, path, at, effects);
    return false;
  }
  if (path.view.gateway_mac == 0 || mac == path.view.gateway_mac) return true;
  if (path.step == Step::verify && mac == path.candidate) {
    path.step = Step::listen;
  } else if (path.asked_mac != 0) {
    on_stray(id, path, mac, at, effects);
    return false;
  } else {
    path.candidate = mac;
    path.unverified_step = path.step;
    path.step = Step::verify;
  }
  path.asked_at = kNoTime;
  queue(id, path, at);
  return false;
}

void PathProber::accept(Id id, Path& path, Mac mac, Instant at, Effects& effects) {
  const auto before = std::exchange(path.view.gateway_mac, mac);
  path.view.answered_at = at;
  path.asked_at = kNoTime;
  path.stray_answers = 0;
  path.candidate = 0;
  path.announced = false;
  path.step = Step::regular;
  const bool back = path.view.state != PathState::lost || path.answered_once;
  path.answered_once = !back;
  if (back) {
    schedule_regular(id, path, at);
    set_state(id, path, PathState::reachable, at, effects);
  } else {
    queue(id, path, at + kAnswerWithin);
  }
  effects.gateway_answered(id, mac);
  if (before != 0 && before != mac) effects.gateway_moved(id, mac);
}

void PathProber::answered(Id id, Mac gateway_mac, Instant at, Effects& effects) {
  const auto it = paths_.find(id);
  if (it == paths_.end()) return;
  auto& path = it->second;
  if (path.asked_at == kNoTime) {
    if (at <= path.open_until && gateway_mac != path.view.gateway_mac)
      dispute(id, path, gateway_mac, at, effects);
    path.open_until = kNoTime;
    return;
  }
  const auto rtt = at - std::min(at, path.asked_at);
  if (rtt > kAnswerWithin || !examine(id, path, gateway_mac, at, effects)) return;
  path.view.rtt = rtt;
  summary_.rtt.add(rtt);
  const bool to_everybody = path.asked_mac == 0;
  const auto open_until = path.asked_at + kAnswerWithin;
  accept(id, path, gateway_mac, at, effects);
  if (!to_everybody) return;
  path.open_until = open_until;
  effects.listen(id, path.view.gateway);
}

void PathProber::host_answered(Ipv4 gateway, std::uint16_t vlan, Instant at) {
  const auto it = hosts_.find({vlan, gateway});
  if (it == hosts_.end() || it->second.asked_at == kNoTime) return;
  it->second.answered_at = std::max(at, it->second.asked_at);
  it->second.reached = true;
}

// One gateway at a time, because the programs wait for one answer only (arpl_limits.host_awaits).
Instant PathProber::ask_as_host(Instant now, RateLimiter& limiter, Effects& effects) {
  const auto wanted = [](const auto& one) { return one.second.wanted; };
  auto next = std::ranges::find_if(hosts_, wanted);
  if (next == hosts_.end()) return kNever;
  if (host_asked_at_ != kNoTime && now < host_asked_at_ + kHostEvery) return host_asked_at_ + kHostEvery;
  for (auto it = next; it != hosts_.end(); ++it)
    if (it->second.wanted && it->second.asked_at < next->second.asked_at) next = it;
  if (!limiter.take(now)) return limiter.when(now);
  auto& [key, host] = *next;
  if (!effects.ask_as_host(key.second, key.first)) return now + kRetry;
  if (host.asked_at != kNoTime) host.reached = host.answered_at >= host.asked_at;
  host.wanted = false;
  host.asked_at = host_asked_at_ = now;
  return std::ranges::any_of(hosts_, wanted) ? now + kHostEvery : kNever;
}

Instant PathProber::tick(Instant now, RateLimiter& limiter, Effects& effects) {
  interval_ = limiter.interval();
  ask_as_host(now, limiter, effects);  // before the endpoints take all of the rate
  auto wake = kNever;
  while (const auto due = queue_.due(now)) {
    const auto id = *due;
    auto& path = paths_.at(id);
    if (path.asked_at != kNoTime) {
      on_timeout(id, path, now, effects);
      continue;
    }
    if (path.step == Step::listen) {
      listen(id, path, now, effects);
      continue;
    }
    if (!limiter.take(now)) {
      wake = limiter.when(now);
      break;
    }
    queue_.served(path.wanted.owner);
    if (!ask(id, path, now, effects)) {
      wake = now + kRetry;
      break;
    }
  }
  if (wake == kNever) wake = queue_.first();
  return std::min(wake, ask_as_host(now, limiter, effects));
}

std::optional<bool> PathProber::host_reaches(const Path& path, Instant now) const {
  if (path.view.state != PathState::suspect && path.view.state != PathState::lost) return std::nullopt;
  const auto it = hosts_.find({path.wanted.vlan, path.view.gateway});
  if (it == hosts_.end() || it->second.asked_at < path.failing_since) return std::nullopt;
  const auto& host = it->second;
  if (host.answered_at >= host.asked_at) return true;
  return now - host.asked_at > kAnswerWithin ? std::optional{false} : host.reached;
}

std::optional<PathProber::View> PathProber::view(Id id, Instant now) const {
  const auto it = paths_.find(id);
  if (it == paths_.end()) return std::nullopt;
  auto view = it->second.view;
  view.host_reaches = host_reaches(it->second, now);
  return view;
}

}  // namespace arpline
