// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/mapped.hpp"
#include "base/net.hpp"
#include "shared/abi.h"
#include "shared/hash.h"
#include "shared/verdicts.h"

namespace arpline {

/// A parent's BPF maps, new ones or those pinned by an earlier run: their descriptors and their mapped memory.
class Maps {
 public:
  /// Duplicates the descriptors. Without `writable` the maps can only be read. Throws SetupError.
  static Maps from_fds(const std::map<std::string, int>& fds, bool writable);
  /// Opens the maps pinned in `folder`; nullopt when there are none or their ABI version is another one.
  static std::optional<Maps> open_pinned(const std::string& folder, bool writable);

  std::span<arpl_slot> slots() const noexcept { return slots_.as<arpl_slot>(); }
  std::span<arpl_endpoint_stats> stats() const noexcept { return stats_.as<arpl_endpoint_stats>(); }
  std::span<arpl_index_set> index() const noexcept { return index_.as<arpl_index_set>(); }
  std::span<std::uint64_t> filter() const noexcept { return filter_.as<std::uint64_t>(); }
  std::span<arpl_pair_set> pairs() const noexcept { return pairs_.as<arpl_pair_set>(); }
  std::span<__u64> heard() const noexcept { return heard_.as<__u64>(); }
  std::span<__u64> buckets() const noexcept { return buckets_.as<__u64>(); }
  std::span<arpl_credit> credit() const noexcept { return credit_.as<arpl_credit>(); }
  std::span<arpl_engine_counts> engine_counts() const noexcept { return engine_.as<arpl_engine_counts>(); }
  arpl_limits& limits() const noexcept { return limits_.as<arpl_limits>()[0]; }

  /// Sets the time at which the lease expires; 0 ends it at once.
  void set_lease(Instant expires) const noexcept;
  Instant lease() const noexcept;
  /// Other threads write it at any time, and the programs read it.
  __u64& lease_word() const noexcept { return lease_.as<__u64>()[0]; }

  arpl_meta meta() const;
  void set_meta(const arpl_meta& meta) const;
  /// The keys of the programs' hashes.
  arpl_hash_keys hash_keys() const;

  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> endpoints() const;
  /// False when the kernel refuses the entry.
  bool put_endpoint(const arpl_endpoint_key& key, const arpl_endpoint& value) const noexcept;
  void erase_endpoint(const arpl_endpoint_key& key) const noexcept;

  /// Summed over the CPUs. The index is an enum arpl_verdict; the would_ twins follow.
  std::vector<std::uint64_t> verdicts() const;
  /// For parents without the XDP program, whose verdicts are counted in another place. Takes as many numbers as
  /// verdicts() returns.
  void set_verdicts(const std::vector<std::uint64_t>& sum) const;
  /// Verdicts of frames that are not ARP, summed over the CPUs. The index is an enum arpl_other_verdict; the
  /// would_ twins follow.
  std::vector<std::uint64_t> other_verdicts() const;
  /// Writes the entry of an own MAC; its counters stay. False when the kernel refuses; errno says why.
  bool put_sender(Mac mac, const arpl_sender& known) const noexcept;
  void erase_sender(Mac mac) const noexcept;
  /// The entry of one own MAC; nullopt when there is none.
  std::optional<arpl_sender> sender(Mac mac) const noexcept;
  /// The entries of all own MACs, with their counters.
  std::vector<std::pair<Mac, arpl_sender>> senders() const;
  arpl_egress_stats egress_stats() const;
  /// The limits on broadcast and multicast other than ARP, in no order.
  std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> storm_limits() const;
  /// The multicast MACs that these limits do not apply to.
  std::vector<Mac> groups() const;

  /// Removes all sockets from xsks_map, so that the program hands no more frames to a ring.
  void close_rings() const noexcept;

  int fd(const std::string& name) const { return fds_.at(name).get(); }

 private:
  std::map<std::string, Fd> fds_;
  Mapped slots_, stats_, index_, filter_, pairs_, heard_, buckets_, credit_, engine_, limits_, lease_;
};

/// The first of the queues 0 to `queues` - 1 that has no socket in this XSKMAP. Throws SetupError.
std::optional<std::uint32_t> first_queue_without_socket(int xsks_map_fd, std::uint32_t queues);

/// Reads the `meta` that is pinned in `folder`, of any ABI version; nullopt when nothing is pinned or the pin
/// is not ours.
std::optional<arpl_meta> pinned_meta(const std::string& folder);

/// The maps' names, as in bpf/maps.bpf.h.
const std::vector<std::string>& map_names();

}  // namespace arpline
