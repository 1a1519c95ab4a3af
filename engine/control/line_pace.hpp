// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>

#include "shared/bucket.h"

namespace arpline {

/// Limits the log's lines for each subject, a MAC or a namespace, and in all, so that no subject uses up the
/// lines of the others. Pure: time is a parameter, in nanoseconds. Memory is bounded: subjects beyond
/// kMostKnown share one bucket.
class LinePace {
 public:
  static constexpr std::size_t kMostKnown = 1024;

  struct Rate {
    std::uint64_t interval_ns;
    std::uint64_t burst_ns;
  };
  LinePace(Rate each, Rate all) : each_(each), all_(all) {}

  /// Whether a line about `who` may be written.
  bool take(std::uint64_t who, std::uint64_t now) {
    if (buckets_.size() >= kMostKnown && !buckets_.contains(who)) forget_idle(now);
    auto& bucket = buckets_.size() >= kMostKnown && !buckets_.contains(who) ? others_bucket_ : buckets_[who];
    return arpl_bucket_take(&bucket, now, {each_.interval_ns, each_.burst_ns}) != 0 &&
           arpl_bucket_take(&all_bucket_, now, {all_.interval_ns, all_.burst_ns}) != 0;
  }

 private:
  // A full bucket is the same as a new one.
  void forget_idle(std::uint64_t now) {
    std::erase_if(buckets_, [now](const auto& entry) { return entry.second <= now; });
  }

  Rate each_;
  Rate all_;
  std::unordered_map<std::uint64_t, __u64> buckets_;
  __u64 others_bucket_ = 0;
  __u64 all_bucket_ = 0;
};

}  // namespace arpline
