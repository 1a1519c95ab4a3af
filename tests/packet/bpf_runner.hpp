// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "packet/interpreter.hpp"
#include "packet/runner.hpp"

struct arpline_bpf;
struct ring_buffer;

namespace arpline::packet {

/// Runs frames through the loaded programs with BPF_PROG_TEST_RUN, on maps of its own. Moves the calling thread
/// into a new network namespace, where a tap device with two queues serves as the parent.
class BpfRunner {
 public:
  struct Run {
    Outcome outcome;
    int retval = 0;
    std::uint32_t nanoseconds = 0;  ///< mean time per frame over `repeat` runs
    std::uint64_t started_at = 0;   ///< the coarse clock's ticks around the run
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

  /// The reason why no runner can be made here; empty: it can.
  static std::string reason_to_skip();
  /// The number of instructions that the verifier processed for each program; 0 before Linux 5.16, which does
  /// not report it.
  std::vector<std::uint32_t> verified_instructions() const;
  /// The runner that all tests of a process share.
  static BpfRunner& shared();

  void install(const State& state) { fill(realise(state, now())); }
  void fill(const Contents& contents);
  Run run(std::span<const std::uint8_t> frame, std::uint32_t queue = 0, std::uint32_t repeat = 1);
  /// The same without counters: run() spends most of its time on reading them.
  Run pass(std::span<const std::uint8_t> frame, std::uint32_t queue) { return pass_behind(frame, 0, queue, 1); }
  /// Runs the frame behind so much metadata that the program has no room for its own.
  Run run_without_room(const Bytes& frame);
  EgressRun run_egress(std::span<const std::uint8_t> frame);
  /// Counts the instructions on the frame's way through the ingress program from the installed state; the clock
  /// has ticked before.
  Way way(const Bytes& frame, std::uint32_t queue) const;

  /// Replaces the limits on frames that are not ARP, and the groups without a limit.
  void install_storm(const std::vector<std::pair<arpl_storm_key, arpl_storm_limit>>& limits,
                     const std::vector<Mac>& groups = {});
  arpl_storm_limit storm_limit(const arpl_storm_key& key) const;
  /// Counters of frames that are not ARP: enum arpl_other_verdict, then their would_ twins.
  std::vector<std::uint64_t> other_counts() const;

  arpl_slot& slot(std::uint32_t index) { return slots_[index]; }
  arpl_endpoint_stats stats(std::uint32_t slot) const;
  /// Clears the time of the last check, so that the next one is not too early.
  void forget_check(std::uint32_t slot);
  /// The MAC's counters since install(); all 0 for an unknown MAC.
  arpl_sender sender(Mac mac) const;
  std::uint64_t pair(std::uint32_t index) const;
  std::uint64_t bucket(std::uint32_t index) const;
  arpl_limits limits() const;
  void set_neigh_full(std::uint64_t when);
  std::uint64_t now() const;
  std::vector<std::uint64_t> verdict_counts() const;
  /// Runs other programs over the same maps from here on; -1: its own again.
  void use(int ingress_fd, int egress_fd) {
    ingress_fd_ = ingress_fd;
    egress_fd_ = egress_fd;
  }
  /// The loaded programs and their maps, for benchmarks.
  const arpline_bpf& skeleton() const { return *skeleton_; }

 private:
  Run run_behind(std::span<const std::uint8_t> data, std::uint32_t in_front, std::uint32_t queue,
                 std::uint32_t repeat);
  Run pass_behind(std::span<const std::uint8_t> data, std::uint32_t in_front, std::uint32_t queue,
                  std::uint32_t repeat);
  arpl_egress_stats egress_counts() const;
  void read_heard(std::span<const std::uint8_t> frame, EgressOutcome& out) const;
  void clear_endpoints_and_macs();
  void clear_credit_and_sockets();
  std::uint64_t claims(std::uint32_t slot) const { return stats(slot).claims; }
  std::uint64_t sent(std::uint32_t queue) const;
  std::vector<arpl_event> take_events();

  arpline_bpf* skeleton_ = nullptr;
  int ingress_fd_ = -1;
  int egress_fd_ = -1;
  arpl_slot* slots_ = nullptr;
  std::span<__u64> heard_;
  ring_buffer* events_ = nullptr;
  std::vector<arpl_event> taken_;
  std::vector<std::uint32_t> touched_;   ///< pairs that may hold entries
  std::vector<std::uint32_t> filtered_;  ///< words of the filter that may have bits set
  std::vector<std::uint32_t> indexed_;   ///< sets of the index that may hold cells
  std::vector<Fd> taps_;
  Fd socket_;
  unsigned parent_ifindex_ = 0;
};

}  // namespace arpline::packet
