// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>

#include "shared/bucket.h"

namespace arpline {

/// How many lines of the log each of those gets who can cause them, so that none uses up the others'. Pure:
/// time is a parameter. Bounded, whoever causes what.
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
    if (words_.size() >= kMostKnown && !words_.contains(who)) forget_idle(now);
    auto& its = words_.size() >= kMostKnown && !words_.contains(who) ? others_ : words_[who];
    return arpl_bucket_take(&its, now, {each_.interval_ns, each_.burst_ns}) != 0 &&
           arpl_bucket_take(&all_word_, now, {all_.interval_ns, all_.burst_ns}) != 0;
  }

 private:
  // Who has its whole burst is as good as unknown.
  void forget_idle(std::uint64_t now) {
    std::erase_if(words_, [now](const auto& entry) { return entry.second <= now; });
  }

  Rate each_;
  Rate all_;
  std::unordered_map<std::uint64_t, __u64> words_;
  __u64 others_ = 0;
  __u64 all_word_ = 0;
};

}  // namespace arpline
