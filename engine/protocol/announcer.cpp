// SPDX-License-Identifier: Apache-2.0
#include "protocol/announcer.hpp"

#include <algorithm>
#include <vector>

namespace arpline {
namespace {

constexpr unsigned kMostUrgentInARow = 3;
constexpr Duration kRetry = 1ms;
// The refreshes that a late control loop has missed are not sent at once: refreshes stay below twice their
// share of 10 ms.
constexpr Duration kDense = 10ms;
constexpr Duration kTogether = 2ms;
constexpr Duration kRefreshBurst = kTogether + 1ms;

}  // namespace

void Announcer::plan(Id id, const Plan& next) {
  hold(id);
  planned_.emplace(id, next);
  if (next.urgent_at != kNever) urgent_.put(next.owner, next.urgent_at, id);
  if (next.refresh_at != kNever) refresh_.put(next.owner, next.refresh_at, id);
}

void Announcer::hold(Id id) {
  const auto it = planned_.find(id);
  if (it == planned_.end()) return;
  urgent_.erase(it->second.owner, it->second.urgent_at, id);
  refresh_.erase(it->second.owner, it->second.refresh_at, id);
  planned_.erase(it);
}

void Announcer::set_schedule(const Schedule& schedule, Instant now) {
  if (schedule == schedule_) return;
  schedule_ = schedule;
  for (auto [id, next] : std::vector<std::pair<Id, Plan>>(planned_.begin(), planned_.end())) {
    plan_refresh(id, next, now);
    plan(id, next);
  }
}

void Announcer::appear(Id id, Instant now, bool changed, NetnsKey owner) {
  Plan next{.owner = owner, .left = schedule_.repeat, .changed = changed, .started_at = now, .urgent_at = now};
  if (const auto it = planned_.find(id); it != planned_.end()) {
    next.urgent_at = std::min(now, it->second.urgent_at);
    next.changed = changed || it->second.changed;
  }
  plan(id, next);
}

std::uint32_t Announcer::frames() const {
  return schedule_.style == Style::both ? 2 : 1;
}

// No refresh is needed while the next announcement of a set comes within the refresh period.
void Announcer::plan_refresh(Id id, Plan& plan, Instant now) const {
  const auto period = schedule_.refresh;
  const bool soon = plan.urgent_at != kNever && (plan.urgent_at <= now || plan.urgent_at - now <= period);
  plan.refresh_at = period == 0s || soon ? kNever : next_turn(id, period, now);
}

Announcer::Plan Announcer::after_set(Plan plan, Instant now) const {
  plan.changed = false;
  if (plan.left > 0) --plan.left;
  if (plan.left > 0) {
    plan.urgent_at = now + schedule_.interval;
  } else if (schedule_.delay > 0s && !plan.second) {
    plan.second = true;
    plan.left = schedule_.repeat;
    plan.urgent_at = std::max(plan.started_at + schedule_.delay, now + schedule_.interval);
  } else {
    plan.urgent_at = kNever;
  }
  return plan;
}

// The time between two refreshes when all endpoints are refreshed once in a period.
Duration Announcer::refresh_share() const {
  return schedule_.refresh / std::max<Duration::rep>(1, std::ssize(planned_));
}

// The refreshes' share and a tenth more to catch up. No limit while they are further apart than a control loop
// may be late.
TokenBucket::Rate Announcer::refresh_rate() const {
  const auto share = refresh_share();
  if (share > kDense) return {};
  const auto interval = std::max<Duration>(1ns, share - share / 11);
  return {.interval = interval, .burst = std::max(interval, kRefreshBurst)};
}

FairQueue* Announcer::due_queue(Instant now) {
  const bool urgent = urgent_.first() <= now;
  const bool refresh = refresh_.first() <= now && refresh_bucket_.has(now, refresh_rate());
  if (urgent && (!refresh || urgent_in_a_row_ < kMostUrgentInARow)) return &urgent_;
  return refresh ? &refresh_ : nullptr;
}

// Refreshes that are close together are sent a few at a time, because a wake-up costs more than a refresh.
Instant Announcer::next_wake(Instant now) const {
  const auto at = urgent_.first();
  if (refresh_.empty()) return at;
  const auto due = std::max(refresh_.first(), now + kRetry);
  return std::min(at, refresh_share() > kTogether ? due : std::max(due, now + kTogether));
}

Instant Announcer::tick(Instant now, RateLimiter& limiter, const Send& send) {
  while (auto* queue = due_queue(now)) {
    const bool urgent = queue == &urgent_;
    const auto id = queue->due(now).value();
    auto next = planned_.at(id);
    const Due due{.id = id, .first_after_change = urgent && next.changed};
    const auto cost = frames();
    if (!limiter.take(now, cost)) return limiter.when(now, cost);
    const auto sent = send(due);
    if (sent == Sent::full) return now + kRetry;
    if (sent == Sent::held) {
      hold(id);
      continue;
    }
    urgent_in_a_row_ = urgent ? urgent_in_a_row_ + 1 : 0;
    if (urgent) {
      next = after_set(next, now);
    } else {
      refresh_bucket_.take(now, refresh_rate());
    }
    queue->served(next.owner);
    plan_refresh(id, next, now);
    plan(id, next);
  }
  return next_wake(now);
}

}  // namespace arpline
