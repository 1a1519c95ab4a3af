// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "base/announce_policy.hpp"
#include "protocol/announced_endpoint.hpp"
#include "protocol/fair_queue.hpp"
#include "protocol/rate_limiter.hpp"

namespace arpline {

/// When to announce which endpoint: a set of announcements after a change (RFC 5227 section 2.3), then one
/// every `refresh`. What is urgent comes first, but every fourth token is a refresh's; within each an endpoint
/// has one place in the queue, one interface has its turn after the other, and of its endpoints the one that
/// has waited longest. Refreshes are spread over the period by the id, so that all endpoints together make no
/// burst. Pure: time is a value, nothing is sent here.
class Announcer {
 public:
  struct Due {
    Id id = 0;
    bool first_after_change = false;
  };
  enum class Sent { yes, held, full };  ///< held: not to be announced; full: no room for it now
  using Send = std::function<Sent(const Due&)>;

  explicit Announcer(const Schedule& schedule) : schedule_(schedule) {}

  /// From now on. A refresh that is planned already moves to its new time.
  void set_schedule(const Schedule& schedule, std::uint64_t now);

  /// The endpoint may be announced from now on, or is to be announced anew: a set begins. Its place in the
  /// queue is kept. `changed`: its siblings are to hear of it too.
  void appear(Id id, std::uint64_t now, bool changed, InterfaceKey owner = 0);
  /// It may not: withdrawn, down, contested or silent. Forgotten until it appears again.
  void hold(Id id);
  bool holds(Id id) const { return !planned_.contains(id); }

  /// Sends what is due, at most as much as the pace allows. When to call it again: kNever without any plan.
  std::uint64_t tick(std::uint64_t now, RateLimiter& pace, const Send& send);

  /// Frames that one announcement costs.
  std::uint32_t frames() const;

 private:
  struct Plan {
    InterfaceKey owner = 0;
    std::uint32_t left = 0;      // of the set
    bool second = false;         // the set under way is the second one
    bool changed = false;        // nobody has been told yet
    std::uint64_t began_at = 0;  // the first set
    std::uint64_t urgent_at = kNever;
    std::uint64_t refresh_at = kNever;
  };

  void plan(Id id, const Plan& next);
  Plan after_set(Plan plan, std::uint64_t now) const;
  void plan_refresh(Id id, Plan& plan, std::uint64_t now) const;
  std::uint64_t refresh_share() const;
  arpl_budget refresh_budget() const;
  FairQueue* due_queue(std::uint64_t now);
  std::uint64_t next_wake(std::uint64_t now) const;

  Schedule schedule_;
  std::unordered_map<Id, Plan> planned_;
  FairQueue urgent_;
  FairQueue refresh_;
  unsigned urgent_in_a_row_ = 0;
  __u64 refresh_arrival_ = 0;
};

}  // namespace arpline
