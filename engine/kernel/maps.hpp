// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/mapped.hpp"
#include "base/net.hpp"
#include "shared/abi.h"
#include "shared/hash.h"
#include "shared/verdicts.h"

namespace arpline {

/// A parent's BPF maps: file descriptors and mapped memory, whether just created or pinned by an earlier run.
class Maps {
 public:
  /// Takes copies of the descriptors. `writable` is needed by everything but looking. Throws SetupError.
  static Maps from_fds(const std::map<std::string, int>& fds, bool writable);
  /// Opens the pins in `folder`; nullopt when there are none, or of another ABI version.
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

  /// When the lease expires; 0 at once.
  void set_lease(std::uint64_t expires_ns) const noexcept;
  std::uint64_t lease() const noexcept;
  /// Read and written by others at any time.
  __u64& lease_word() const noexcept { return lease_.as<__u64>()[0]; }

  arpl_meta meta() const;
  void set_meta(const arpl_meta& meta) const;
  /// What the programs hash with.
  arpl_hash_keys hash_keys() const;

  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> endpoints() const;
  /// False when the kernel refuses.
  bool put_endpoint(const arpl_endpoint_key& key, const arpl_endpoint& value) const noexcept;
  void erase_endpoint(const arpl_endpoint_key& key) const noexcept;

  /// Summed over the CPUs; index: enum arpl_verdict, then the would_ twins.
  std::vector<std::uint64_t> verdicts() const;
  /// For a parent without our XDP program: they are counted elsewhere. As many as verdicts() has.
  void set_verdicts(const std::vector<std::uint64_t>& sum) const;
  /// Of what is not ARP: enum arpl_other_verdict, then the would_ twins.
  std::vector<std::uint64_t> other_verdicts() const;
  /// What is known of an own MAC; what it has sent stays counted. False when the kernel refuses: errno.
  bool put_sender(Mac mac, const arpl_sender& known) const noexcept;
  void erase_sender(Mac mac) const noexcept;
  /// What each own MAC has sent.
  std::vector<std::pair<Mac, arpl_sender>> senders() const;
  arpl_egress_stats egress_stats() const;
  /// The limits on what is not ARP, in no order.
  std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> storm_limits() const;
  /// The multicast MACs that they do not apply to.
  std::vector<Mac> groups() const;

  /// Takes all sockets out of xsks_map: nothing is handed to a ring any more.
  void close_rings() const noexcept;

  int fd(const std::string& name) const { return fds_.at(name).get(); }

 private:
  std::map<std::string, Fd> fds_;
  Mapped slots_, stats_, index_, filter_, pairs_, heard_, buckets_, credit_, engine_, limits_, lease_;
};

/// The first of so many queues whose place in this XSKMAP is empty. Throws SetupError.
std::optional<std::uint32_t> first_queue_without_socket(int xsks_map_fd, std::uint32_t queues);

/// What is pinned in `folder` says of itself, of whatever ABI version; nullopt: nothing is pinned, or it is
/// none of ours.
std::optional<arpl_meta> pinned_meta(const std::string& folder);

/// The maps' names, as in bpf/maps.bpf.h.
const std::vector<std::string>& map_names();

}  // namespace arpline
