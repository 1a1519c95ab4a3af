// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "endpoints/memory_tables.hpp"
#include "ethdev_memory.hpp"

namespace arpline::bench {

/// Tables with confirmed endpoints on 64 interfaces, and the limits that arplined starts with. Each endpoint
/// has one requester, whose pair is confirmed too.
class World {
 public:
  /// Up to ARPL_MAX_ENDPOINTS. Throws SetupError.
  explicit World(std::uint32_t endpoints);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  arpl_tables& tables() noexcept { return memory_.tables(); }
  /// Frames that ask for random endpoints, each from the endpoint's own requester.
  std::vector<FrameBytes> questions(std::size_t count) const;

 private:
  void add(std::uint32_t number, std::uint64_t now);

  std::uint32_t endpoints_;
  MemoryTables memory_;
};

}  // namespace arpline::bench
