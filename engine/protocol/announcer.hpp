// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/types.h>

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace arpline {

/// When to announce which endpoint: RFC 5227 section 2.3 on appearance (ANNOUNCE_NUM times, ANNOUNCE_INTERVAL
/// apart), then every `refresh`, and never faster than the pace. Pure: time is a value, nothing is sent here.
class Announcer {
 public:
  using Id = std::uint32_t;

  struct Schedule {
    std::uint64_t refresh_ns = 60'000'000'000;  ///< 0: only on appearance
    std::uint64_t pps = 100;                    ///< announcements a second, all endpoints together
  };

  explicit Announcer(Schedule schedule) : schedule_(schedule) {}

  /// From now on. A new refresh counts from each endpoint's last announcement.
  void set_schedule(Schedule schedule, std::uint64_t now);

  /// The endpoint may be announced from now on: it appeared, changed, or is no longer held back.
  void appear(Id id, std::uint64_t now);
  /// It may not: withdrawn, down, contested or silent. Forgotten until it appears again.
  void hold(Id id);
  bool holds(Id id) const { return !planned_.contains(id); }

  /// Those to announce now, at most as many as the pace allows.
  std::vector<Id> tick(std::uint64_t now);

  static constexpr std::uint32_t kAnnounceNum = 2;                     // RFC 5227 ANNOUNCE_NUM
  static constexpr std::uint64_t kAnnounceIntervalNs = 2'000'000'000;  // RFC 5227 ANNOUNCE_INTERVAL

 private:
  struct Plan {
    std::uint64_t at = 0;
    std::uint32_t first_left = 0;
  };

  void plan(Id id, Plan plan);

  Schedule schedule_;
  std::unordered_map<Id, Plan> planned_;
  std::set<std::pair<std::uint64_t, Id>> queue_;
  __u64 pace_ = 0;
};

}  // namespace arpline
