// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace arpline {

/// The latest kMost durations of something, for percentiles.
class Samples {
 public:
  static constexpr std::size_t kMost = 16384;

  void add(std::uint64_t ns);
  /// {"count": all that there were, "p50_ms", "p99_ms", "most_ms": of the latest}; null where there were none.
  nlohmann::json to_json() const;

 private:
  std::vector<std::uint64_t> latest_;
  std::uint64_t count_ = 0;
};

}  // namespace arpline
