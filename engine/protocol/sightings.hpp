// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "base/net.hpp"

namespace arpline {

/// This host's MACs that came in from the wire as a source. Reasons are a loop, a duplicate MAC, or a switch
/// that reflects frames (VEPA). Bounded.
class Sightings {
 public:
  static constexpr std::size_t kMost = 1024;

  struct Sighting {
    Instant first_at = kNoTime;
    Instant last_at = kNoTime;
    std::uint64_t times = 0;  ///< reported frames; those beyond the budget `own_macs` are not counted
  };

  void on(Mac mac, Instant now) {
    if (!seen_.contains(mac) && seen_.size() == kMost)
      seen_.erase(std::ranges::min_element(seen_, {}, [](const auto& one) { return one.second.last_at; }));
    auto& sighting = seen_.try_emplace(mac, Sighting{.first_at = now}).first->second;
    sighting.last_at = now;
    ++sighting.times;
  }

  const Sighting* of(Mac mac) const {
    const auto at = seen_.find(mac);
    return at == seen_.end() ? nullptr : &at->second;
  }

  std::size_t size() const noexcept { return seen_.size(); }

 private:
  std::unordered_map<Mac, Sighting> seen_;
};

}  // namespace arpline
