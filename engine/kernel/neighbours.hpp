// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "kernel/netlink.hpp"

namespace arpline {

/// The IPv4 neighbour table. It is one for all namespaces.
struct NeighbourTable {
  std::uint32_t entries = 0;     ///< all of them, with those that do not count against the limit
  std::uint32_t limit = 0;       ///< gc_thresh3: beyond it nothing is entered that the limit counts
  std::uint32_t soft_limit = 0;  ///< gc_thresh2: above it entries older than 5 s have to go, every 5 s
  std::uint64_t cleanings = 0;   ///< how often they had to, since the system began (forced_gc_runs)
  std::uint64_t refused = 0;     ///< what found no room, likewise (table_fulls)
};

/// nullopt: the kernel does not tell.
std::optional<NeighbourTable> neighbour_table(Netlink& route);

/// What counts against the limit when so many entries do not: those that are permanent or that others have
/// learned (net/core/neighbour.c, gc_entries).
std::uint64_t counted_entries(const NeighbourTable& table, std::uint64_t exempt) noexcept;

/// The part of the table that one namespace holds.
struct NeighbourCount {
  std::map<int, std::uint32_t> counted;  ///< by ifindex: those that count against the limit
  std::uint64_t exempt = 0;              ///< those that do not
};

/// Of the calling thread's namespace; looks at no more than `most` entries, for a container can have any number
/// of permanent ones. nullopt: it cannot be read.
std::optional<NeighbourCount> count_neighbours(std::size_t most);

}  // namespace arpline
