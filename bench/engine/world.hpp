// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "endpoints/memory_tables.hpp"
#include "ethdev_memory.hpp"

namespace arpline::bench {

/// Confirmed endpoints of 64 interfaces, each with one requester that its kernel has answered, and the limits
/// that arplined starts with.
class World {
 public:
  /// Up to ARPL_MAX_ENDPOINTS. Throws SetupError.
  explicit World(std::uint32_t endpoints);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  arpl_tables& tables() noexcept { return memory_.tables(); }
  /// Who-has of the endpoints' own requesters, at random.
  std::vector<FrameBytes> questions(std::size_t count) const;

 private:
  void add(std::uint32_t number, std::uint64_t now);

  std::uint32_t endpoints_;
  MemoryTables memory_;
};

}  // namespace arpline::bench
