// SPDX-License-Identifier: Apache-2.0
#include "protocol/path_prober.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "protocol/spread.hpp"

namespace arpline {
namespace {

// The announcement is on its way before the who-has that is to profit from it.
constexpr std::uint64_t kBehindAnnouncementNs = 100'000'000;

}  // namespace

void PathProber::queue(Id id, Path& path, std::uint64_t at) {
  queue_.erase({path.at, id});
  path.at = at;
  if (at != kNever) queue_.emplace(at, id);
}

void PathProber::stretch(const Pace& pace) {
  const auto needed = pace.interval_ns() * paths_.size() * 5 / 4;
  period_ns_ = every_ns_;
  while (every_ns_ != 0 && period_ns_ < needed) period_ns_ *= 2;
}

void PathProber::set_period(std::uint64_t every_ns, std::uint64_t now) {
  if (every_ns == every_ns_) return;
  every_ns_ = period_ns_ = every_ns;
  if (every_ns == 0) {
    paths_.clear();
    queue_.clear();
  }
  for (auto& [id, path] : paths_)
    if (path.asked_at == 0) queue(id, path, next_turn(id, every_ns, now));
}

void PathProber::watch(Id id, Ipv4 gateway, std::uint16_t vlan, std::uint64_t now) {
  const auto it = paths_.find(id);
  if (it != paths_.end() && it->second.view.gateway == gateway && it->second.vlan == vlan) return;
  stop(id);
  if (gateway == 0 || every_ns_ == 0) return;
  auto& path = paths_[id];
  path.view = {.gateway = gateway, .since = now};
  path.vlan = vlan;
  queue(id, path, next_turn(id, period_ns_, now));
}

void PathProber::stop(Id id) {
  const auto it = paths_.find(id);
  if (it == paths_.end()) return;
  queue(id, it->second, kNever);
  paths_.erase(it);
}

void PathProber::set_state(Id id, Path& path, PathState state, std::uint64_t now, Out& out) {
  const auto before = path.view.state;
  if (before == state) return;
  path.view.state = state;
  path.view.since = now;
  if (state == PathState::suspect) path.failing_since = now;
  out.changed(id, before, state);
}

void PathProber::want_host(const Path& path) {
  const Gateway key{path.vlan, path.view.gateway};
  if (!hosts_.contains(key) && hosts_.size() >= kMostGateways)
    hosts_.erase(std::ranges::min_element(hosts_, {}, [](const auto& one) { return one.second.asked_at; }));
  hosts_[key].wanted = true;
}

// A who-has was not answered in time.
void PathProber::missed(Id id, Path& path, std::uint64_t now, Out& out) {
  path.asked_at = 0;
  path.answered_once = false;
  if (path.view.state == PathState::lost || path.step == Step::announced) {
    path.step = Step::regular;
    queue(id, path, next_turn(id, period_ns_, now));
    return set_state(id, path, PathState::lost, now, out);
  }
  want_host(path);
  if (path.step == Step::regular) {
    path.step = Step::broadcast;
    queue(id, path, now);
    return set_state(id, path, PathState::suspect, now, out);
  }
  path.step = Step::announced;
  queue(id, path, now + kBehindAnnouncementNs);
  out.announce(id);
}

bool PathProber::ask(Id id, Path& path, std::uint64_t now, Out& out) {
  const bool unicast =
      path.step == Step::regular && (path.view.state == PathState::reachable || path.answered_once);
  if (!out.ask(id, path.view.gateway, unicast ? path.view.gateway_mac : 0)) return false;
  if (path.view.state == PathState::lost) want_host(path);
  path.asked_at = now;
  queue(id, path, now + kAnswerNs);
  return true;
}

void PathProber::answered(Id id, Mac gateway_mac, std::uint64_t at, Out& out) {
  const auto it = paths_.find(id);
  if (it == paths_.end() || it->second.asked_at == 0) return;
  auto& path = it->second;
  const auto before = std::exchange(path.view.gateway_mac, gateway_mac);
  path.view.rtt_ns = at - std::min(at, path.asked_at);
  path.view.answered_at = at;
  path.asked_at = 0;
  path.step = Step::regular;
  const bool back = path.view.state != PathState::lost || path.answered_once;
  path.answered_once = !back;
  queue(id, path, back ? next_turn(id, period_ns_, at) : at + kAnswerNs);
  if (back) set_state(id, path, PathState::reachable, at, out);
  if (before != 0 && before != gateway_mac) out.gateway_moved(id, gateway_mac);
}

void PathProber::host_answered(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at) {
  const auto it = hosts_.find({vlan, gateway});
  if (it == hosts_.end() || it->second.asked_at == 0) return;
  it->second.answered_at = std::max(at, it->second.asked_at);
  it->second.reached = true;
}

// One at a time: the programs wait for one answer.
std::uint64_t PathProber::ask_as_host(std::uint64_t now, Pace& pace, Out& out) {
  const auto wanted = [](const auto& one) { return one.second.wanted; };
  auto next = std::ranges::find_if(hosts_, wanted);
  if (next == hosts_.end()) return kNever;
  if (host_asked_at_ != 0 && now < host_asked_at_ + kHostEveryNs) return host_asked_at_ + kHostEveryNs;
  for (auto it = next; it != hosts_.end(); ++it)
    if (it->second.wanted && it->second.asked_at < next->second.asked_at) next = it;
  if (!pace.take(now)) return pace.when(now);
  auto& [key, host] = *next;
  if (!out.ask_as_host(key.second, key.first)) return now + kRetryNs;
  if (host.asked_at != 0) host.reached = host.answered_at >= host.asked_at;
  host.wanted = false;
  host.asked_at = host_asked_at_ = now;
  return std::ranges::any_of(hosts_, wanted) ? now + kHostEveryNs : kNever;
}

std::uint64_t PathProber::tick(std::uint64_t now, Pace& pace, Out& out) {
  stretch(pace);
  ask_as_host(now, pace, out);  // before the many
  auto wake = kNever;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const auto id = queue_.begin()->second;
    auto& path = paths_.at(id);
    if (path.asked_at != 0) {
      missed(id, path, now, out);
      continue;
    }
    if (!pace.take(now)) {
      wake = pace.when(now);
      break;
    }
    if (!ask(id, path, now, out)) {
      wake = now + kRetryNs;
      break;
    }
  }
  if (wake == kNever && !queue_.empty()) wake = queue_.begin()->first;
  return std::min(wake, ask_as_host(now, pace, out));
}

std::optional<bool> PathProber::host_reaches(const Path& path, std::uint64_t now) const {
  if (path.view.state != PathState::suspect && path.view.state != PathState::lost) return std::nullopt;
  const auto it = hosts_.find({path.vlan, path.view.gateway});
  if (it == hosts_.end() || it->second.asked_at < path.failing_since) return std::nullopt;
  const auto& host = it->second;
  if (host.answered_at >= host.asked_at) return true;
  return now - host.asked_at > kAnswerNs ? std::optional{false} : host.reached;
}

std::optional<PathProber::View> PathProber::view(Id id, std::uint64_t now) const {
  const auto it = paths_.find(id);
  if (it == paths_.end()) return std::nullopt;
  auto view = it->second.view;
  view.host_reaches = host_reaches(it->second, now);
  return view;
}

}  // namespace arpline
