// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "packet/runner.hpp"

struct arpline_bpf;
struct ring_buffer;

namespace arpline::packet {

/// Runs frames through the loaded programs with BPF_PROG_TEST_RUN; the maps are its own. Moves the calling
/// thread into a network namespace of its own, where a tap device with two queues stands for the parent.
class BpfRunner {
 public:
  struct Run {
    Outcome outcome;
    int retval = 0;
    std::uint32_t nanoseconds = 0;  ///< per frame, the mean of `repeat`
    std::uint64_t started_at = 0;   ///< between this tick and ended_at the program ran
    std::uint64_t started_at_exactly = 0;
    std::uint64_t ended_at = 0;
  };
  struct EgressRun {
    EgressOutcome outcome;
    int retval = 0;
  };

  BpfRunner();
  ~BpfRunner();
  BpfRunner(const BpfRunner&) = delete;
  BpfRunner& operator=(const BpfRunner&) = delete;

  /// Why there can be none here, or nothing.
  static std::string reason_to_skip();
  /// How many instructions the verifier has followed; 0 where the kernel does not tell (before 5.16).
  std::vector<std::uint32_t> verified_instructions() const;
  /// The one that all tests of a process share.
  static BpfRunner& shared();

  void install(const State& state) { fill(realise(state, now())); }
  void fill(const Contents& contents);
  Run run(std::span<const std::uint8_t> frame, std::uint32_t queue = 0, std::uint32_t repeat = 1);
  /// What becomes of the frame and nothing else: no counter is read, which is most of the time of run().
  Run pass(std::span<const std::uint8_t> frame, std::uint32_t queue) { return pass_behind(frame, 0, queue, 1); }
  /// The same with so many bytes of metadata already in front that there is no room for ours.
  Run run_without_room(const Bytes& frame);
  EgressRun run_egress(std::span<const std::uint8_t> frame);

  /// Limits on what is not ARP, and the groups that nobody limits, in place of those before.
  void install_storm(const std::vector<std::pair<arpl_storm_key, arpl_storm_limit>>& limits,
                     const std::vector<Mac>& groups = {});
  arpl_storm_limit storm_limit(const arpl_storm_key& key) const;
  /// Of what is not ARP: enum arpl_other_verdict, then the would_ twins.
  std::vector<std::uint64_t> other_counts() const;

  arpl_slot& slot(std::uint32_t index) { return slots_[index]; }
  arpl_endpoint_stats stats(std::uint32_t slot) const;
  /// The next check is not too soon.
  void forget_check(std::uint32_t slot);
  /// What the MAC has sent since install(); all 0 for one that is nobody's.
  arpl_sender sender(Mac mac) const;
  std::uint64_t pair(std::uint32_t index) const;
  std::uint64_t bucket(std::uint32_t index) const;
  arpl_limits limits() const;
  void set_neigh_full(std::uint64_t when);
  std::uint64_t now() const;
  std::vector<std::uint64_t> verdict_counts() const;
  /// The loaded programs and their maps, for who measures them.
  const arpline_bpf& skeleton() const { return *skeleton_; }

 private:
  Run run_behind(std::span<const std::uint8_t> data, std::uint32_t in_front, std::uint32_t queue,
                 std::uint32_t repeat);
  Run pass_behind(std::span<const std::uint8_t> data, std::uint32_t in_front, std::uint32_t queue,
                  std::uint32_t repeat);
  arpl_egress_stats egress_counts() const;
  void look_what_was_heard(std::span<const std::uint8_t> frame, EgressOutcome& out) const;
  void clear_endpoints_and_macs();
  void clear_credit_and_sockets();
  std::uint64_t claims(std::uint32_t slot) const { return stats(slot).claims; }
  std::uint64_t sent(std::uint32_t queue) const;
  std::vector<arpl_event> take_events();

  arpline_bpf* skeleton_ = nullptr;
  arpl_slot* slots_ = nullptr;
  std::span<__u64> heard_;
  ring_buffer* events_ = nullptr;
  std::vector<arpl_event> taken_;
  std::vector<std::uint32_t> touched_;   ///< pairs that may not be empty
  std::vector<std::uint32_t> filtered_;  ///< words of the filter, likewise
  std::vector<std::uint32_t> indexed_;   ///< sets of the index, likewise
  std::vector<Fd> taps_;
  Fd socket_;
  unsigned parent_ifindex_ = 0;
};

}  // namespace arpline::packet
