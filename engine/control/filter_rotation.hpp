// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>

#include "shared/abi.h"

namespace arpline {

/// Which of two parts of the filter is asked. Bits are set in both; what has been the other one for a whole
/// period holds all that still counts, so then they change places, and the one that was asked begins anew.
class FilterRotation {
 public:
  /// `words` outlive it. `part`: the first of the two. `other`: whether an earlier run left the second one
  /// asked.
  FilterRotation(std::span<std::uint64_t> words, arpl_filter_part part, bool other, std::uint64_t now)
      : words_(words), part_(part), other_(other), since_(now) {}

  /// True when the other one is asked from now on: say so to the programs, then call clear().
  bool due(std::uint64_t now, std::uint64_t period_ns) {
    if (now - since_ < period_ns) return false;
    since_ = now;
    other_ = !other_;
    return true;
  }

  /// Empties the one that is not asked. A bit that is set meanwhile may be lost: what it stood for counts as
  /// new once.
  void clear() const {
    const auto first = (std::size_t{part_} + (other_ ? 0 : 1)) * ARPL_FILTER_PART_WORDS;
    for (auto& word : words_.subspan(first, ARPL_FILTER_PART_WORDS))
      std::atomic_ref<std::uint64_t>(word).store(0);
  }

  bool other() const noexcept { return other_; }

 private:
  std::span<std::uint64_t> words_;
  arpl_filter_part part_;
  bool other_;
  std::uint64_t since_;
};

}  // namespace arpline
