// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "base/announce_policy.hpp"
#include "protocol/announced_endpoint.hpp"
#include "protocol/fair_queue.hpp"
#include "protocol/rate_limiter.hpp"
#include "protocol/timing.hpp"

namespace arpline {

/// Decides when which endpoint is announced: a set of announcements after a change (RFC 5227 section 2.3), then
/// one every `refresh`. The announcements of sets (urgent) go before refreshes, but a refresh gets at least
/// every fourth frame. Interfaces take turns, and the endpoint that has waited longest goes first in its
/// interface. Refreshes are spread over the period by the id, so that all endpoints together make no burst.
/// Pure: time is a value, nothing is sent here.
class Announcer {
 public:
  struct Due {
    Id id = 0;
    bool first_after_change = false;
  };
  enum class Sent {
    yes,
    held,
    full
  };  ///< held: it must not be announced at present; full: no room for the frame now
  using Send = std::function<Sent(const Due&)>;

  explicit Announcer(const Schedule& schedule) : schedule_(schedule) {}

  /// In force at once; planned refreshes move to their new times.
  void set_schedule(const Schedule& schedule, Instant now);

  /// Starts a new set for the endpoint, which keeps its place in the queue when a set was due already.
  /// `changed`: the siblings have to receive the first announcement too.
  void appear(Id id, Instant now, bool changed, NetnsKey owner = 0);
  /// The endpoint must not be announced: withdrawn, down, contested or unanswered. Its plan is dropped until
  /// appear().
  void hold(Id id);
  bool holds(Id id) const { return !planned_.contains(id); }

  /// Sends the due announcements within the rate limit. Returns when to call it again, kNever without any plan.
  Instant tick(Instant now, RateLimiter& limiter, const Send& send);

  /// When the next announcement is due, or has been due since; kNever without any plan.
  Instant due_at() const { return std::min(urgent_.first(), refresh_.first()); }
  /// The number of frames of one announcement.
  std::uint32_t frames() const;

 private:
  struct Plan {
    NetnsKey owner = 0;
    std::uint32_t left = 0;        // announcements of the set that are not sent yet
    bool second = false;           // this is the set after `delay`
    bool changed = false;          // the siblings have not received the change yet
    Instant started_at = kNoTime;  // start of the first set
    Instant urgent_at = kNever;
    Instant refresh_at = kNever;
  };

  void plan(Id id, const Plan& next);
  Plan after_set(Plan plan, Instant now) const;
  void plan_refresh(Id id, Plan& plan, Instant now) const;
  Duration refresh_share() const;
  TokenBucket::Rate refresh_rate() const;
  FairQueue* due_queue(Instant now);
  Instant next_wake(Instant now) const;

  Schedule schedule_;
  std::unordered_map<Id, Plan> planned_;
  FairQueue urgent_;
  FairQueue refresh_;
  unsigned urgent_in_a_row_ = 0;
  TokenBucket refresh_bucket_;
};

}  // namespace arpline
