// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "packet/runner.hpp"

namespace arpline::packet {

/// Runs frames through the C++ build of the decision, at a time of its own.
class CppRunner {
 public:
  explicit CppRunner(std::uint64_t now = 1'000'000 * seconds);

  void install(const State& state) { fill(realise(state, now_)); }
  void fill(const Contents& contents);
  Outcome run(std::span<const std::uint8_t> frame, std::uint32_t queue = 0);
  EgressOutcome run_egress(std::span<const std::uint8_t> frame);

  std::uint64_t now() const noexcept { return now_; }
  void set_now(std::uint64_t now) noexcept { now_ = now; }
  arpl_slot& slot(std::uint32_t index) { return slots_.at(index); }
  std::uint64_t pair(std::uint32_t index) const { return pairs_.at(index).words[0]; }
  std::uint64_t bucket(std::uint32_t index) const { return buckets_.at(index); }
  void set_switches(std::uint64_t flags) { limits_.flags = flags; }
  void set_neigh_full(std::uint64_t when) { limits_.neigh_full_ns = when; }
  void forget_check(std::uint32_t slot) { stats_.at(slot).check_at = 0; }
  arpl_tables& tables() noexcept { return tables_; }

 private:
  void claim(const arpl_arp& arp, EgressOutcome& out);

  std::uint64_t now_;
  __u64 lease_ = 0;
  arpl_limits limits_{};
  OwnMacTable macs_;
  EndpointHash endpoints_;
  std::vector<arpl_slot> slots_;
  std::vector<arpl_endpoint_stats> stats_;
  std::vector<arpl_index_bucket> index_;
  std::vector<std::uint32_t> indexed_;  ///< buckets that may not be empty
  std::vector<__u64> filter_;
  std::vector<arpl_pair_set> pairs_;
  std::vector<__u64> heard_;
  std::vector<__u64> buckets_;
  std::vector<arpl_credit> credit_;
  std::vector<std::uint32_t> touched_;  ///< pairs that may not be empty
  arpl_tables tables_;
};

}  // namespace arpline::packet
