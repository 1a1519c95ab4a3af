// SPDX-License-Identifier: Apache-2.0
#include "protocol/announcer.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared/bucket.h"

namespace arpline {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
// The pace is kept over a quarter of a second, the control loop's grain; at least one frame.
constexpr std::uint64_t kBurstNs = kSecondNs / 4;

}  // namespace

void Announcer::plan(Id id, Plan plan) {
  hold(id);
  planned_.emplace(id, plan);
  if (plan.at != kNever) queue_.emplace(plan.at, id);
}

void Announcer::set_schedule(Schedule schedule, std::uint64_t now) {
  const auto before = std::exchange(schedule_, schedule).refresh_ns;
  const auto after = schedule.refresh_ns;
  if (before == after) return;
  for (auto [id, next] : std::vector<std::pair<Id, Plan>>(planned_.begin(), planned_.end())) {
    if (next.first_left > 0) continue;
    next.at = after == 0 ? kNever : (next.at == kNever ? now : next.at - before) + after;
    plan(id, next);
  }
}

void Announcer::appear(Id id, std::uint64_t now) {
  plan(id, {.at = now, .first_left = kAnnounceNum});
}

void Announcer::hold(Id id) {
  const auto it = planned_.find(id);
  if (it == planned_.end()) return;
  queue_.erase({it->second.at, id});
  planned_.erase(it);
}

std::vector<Announcer::Id> Announcer::tick(std::uint64_t now) {
  std::vector<Id> due;
  if (schedule_.pps == 0) return due;
  const auto interval = kSecondNs / schedule_.pps;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    if (arpl_bucket_take(&pace_, now, {interval, std::max(interval, kBurstNs)}) == 0) break;
    const auto id = queue_.begin()->second;
    auto next = planned_.at(id);
    if (next.first_left > 0) --next.first_left;
    if (next.first_left > 0) {
      next.at = now + kAnnounceIntervalNs;
    } else {
      next.at = schedule_.refresh_ns == 0 ? kNever : now + schedule_.refresh_ns;
    }
    plan(id, next);
    due.push_back(id);
  }
  return due;
}

}  // namespace arpline
