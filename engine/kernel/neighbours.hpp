// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "kernel/netlink.hpp"

namespace arpline {

/// The kernel's IPv4 neighbour table, which all namespaces share.
struct NeighbourTable {
  std::uint32_t entries = 0;     ///< all entries, including those that do not count against the limit
  std::uint32_t limit = 0;       ///< gc_thresh3: beyond it the kernel refuses new entries that count
  std::uint32_t soft_limit = 0;  ///< gc_thresh2: above it the kernel removes entries older than 5 s, every 5 s
  std::uint64_t cleanings = 0;   ///< removals of that kind since the system started (forced_gc_runs)
  std::uint64_t refused = 0;     ///< refused entries since the system started (table_fulls)
};

/// Reads the table's counters; nullopt when the kernel does not report them.
std::optional<NeighbourTable> neighbour_table(Netlink& route);

/// The number of entries that count against the limit. `exempt`: entries that do not, because they are
/// permanent or externally learned (net/core/neighbour.c, gc_entries).
std::uint64_t counted_entries(const NeighbourTable& table, std::uint64_t exempt) noexcept;

/// The entries of one namespace.
struct NeighbourCount {
  std::map<int, std::uint32_t> counted;  ///< by ifindex: entries that count against the limit
  std::uint64_t exempt = 0;              ///< entries that do not count
};

/// Counts the entries of the calling thread's namespace. Reads `most` entries at most, because a container can
/// have any number of permanent ones. nullopt when they can't be read.
std::optional<NeighbourCount> count_neighbours(std::size_t most);

}  // namespace arpline
