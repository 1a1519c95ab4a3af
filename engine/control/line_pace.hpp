// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/token_bucket.hpp"

namespace arpline {

/// Limits the log's lines for each subject, a MAC or a namespace, and in all, so that no subject uses up the
/// lines of the others. Pure: time is a parameter. Memory is bounded: subjects beyond
/// kMostKnown share one bucket.
class LinePace {
 public:
  static constexpr std::size_t kMostKnown = 1024;

  using Rate = TokenBucket::Rate;
  LinePace(Rate each, Rate all) : each_(each), all_(all) {}

  /// Whether a line about `who` may be written.
  bool take(std::uint64_t who, Instant now) {
    if (buckets_.size() >= kMostKnown && !buckets_.contains(who)) forget_idle(now);
    auto& bucket = buckets_.size() >= kMostKnown && !buckets_.contains(who) ? others_bucket_ : buckets_[who];
    return bucket.take(now, each_) && all_bucket_.take(now, all_);
  }

 private:
  // A full bucket is the same as a new one.
  void forget_idle(Instant now) {
    std::erase_if(buckets_, [now](const auto& entry) { return entry.second.is_full(now); });
  }

  Rate each_;
  Rate all_;
  std::unordered_map<std::uint64_t, TokenBucket> buckets_;
  TokenBucket others_bucket_;
  TokenBucket all_bucket_;
};

}  // namespace arpline
