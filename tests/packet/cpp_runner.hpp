// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "endpoints/memory_tables.hpp"
#include "packet/runner.hpp"

namespace arpline::packet {

/// Runs frames through the C++ build of the programs' code, with a clock that the test sets.
class CppRunner {
 public:
  explicit CppRunner(std::uint64_t now = 1'000'000 * seconds) : now_(now) {}

  void install(const State& state) { fill(realise(state, now_)); }
  void fill(const Contents& contents);
  Outcome run(std::span<const std::uint8_t> frame, std::uint32_t queue = 0);
  /// Whether the last frame went the hot way (shared/hot.h), as it does in the program.
  bool was_hot() const noexcept { return was_hot_; }
  /// Makes every frame go the general way.
  void forbid_the_hot_way() noexcept { may_be_hot_ = false; }
  EgressOutcome run_egress(std::span<const std::uint8_t> frame);

  std::uint64_t now() const noexcept { return now_; }
  void set_now(std::uint64_t now) noexcept { now_ = now; }
  arpl_slot& slot(std::uint32_t index) { return tables().slots[index]; }
  const arpl_endpoint_stats& stats(std::uint32_t slot) const { return memory_->tables().stats[slot]; }
  std::uint64_t pair(std::uint32_t index) const { return memory_->tables().pairs[index].words[0]; }
  std::uint64_t bucket(std::uint32_t index) const { return memory_->tables().buckets[index]; }
  const arpl_limits& limits() const { return memory_->limits; }
  /// The MAC's counters since install(); all 0 for an unknown MAC.
  arpl_sender sender(Mac mac) const;
  void set_switches(std::uint64_t flags) { memory_->limits.flags = flags; }
  void set_neigh_full(std::uint64_t when) { memory_->limits.neigh_full_ns = when; }
  void forget_check(std::uint32_t slot) { tables().stats[slot].check_at = 0; }
  MemoryTables& memory() noexcept { return *memory_; }
  arpl_tables& tables() noexcept { return memory_->tables(); }

 private:
  std::vector<arpl_event> take_events();
  std::uint64_t claims(std::uint32_t slot) const { return stats(slot).claims; }

  arpl_class handle(const arpl_arp& parsed_arp, arpl_parsed parsed, std::span<const std::uint8_t> frame,
                    std::uint32_t queue, arpl_decision& decision);

  std::uint64_t now_;
  bool may_be_hot_ = true;
  bool was_hot_ = false;
  std::unique_ptr<MemoryTables> memory_ = std::make_unique<MemoryTables>(hash_keys);
  std::vector<std::uint32_t> indexed_;  ///< sets of the index that may not be empty
  std::vector<std::uint32_t> touched_;  ///< pairs that may hold entries
};

}  // namespace arpline::packet
