// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/clock.hpp"
#include "base/shared_word.hpp"
#include "shared/abi.h"

namespace arpline {

/// Ages a filter of two parts: bits are set in both, and only one part is asked. After each period the other
/// part, which was cleared at the start of the period, holds all bits that still count; then it is asked
/// instead, and the first part is cleared.
class FilterRotation {
 public:
  /// `words` outlive it. `part`: the first of the two. `other`: true when an earlier run left the second one
  /// asked.
  FilterRotation(std::span<std::uint64_t> words, arpl_filter_part part, bool other, Instant now)
      : words_(words), part_(part), other_(other), since_(now) {}

  /// True when the other part is asked from now on: tell the programs, then call clear().
  bool due(Instant now, Duration period) {
    if (now - since_ < period) return false;
    since_ = now;
    other_ = !other_;
    return true;
  }

  /// Clears the part that is not asked. A bit that is set meanwhile may be lost: the subject of the bit then
  /// counts as new once.
  void clear() const {
    const auto first = (std::size_t{part_} + (other_ ? 0 : 1)) * ARPL_FILTER_PART_WORDS;
    for (auto& word : words_.subspan(first, ARPL_FILTER_PART_WORDS)) publish(word, 0);
  }

  bool other() const noexcept { return other_; }

 private:
  std::span<std::uint64_t> words_;
  arpl_filter_part part_;
  bool other_;
  Instant since_;
};

}  // namespace arpline
