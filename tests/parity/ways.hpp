// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/mapped.hpp"
#include "packet/bpf_runner.hpp"
#include "packet/cpp_runner.hpp"
#include "parity/ethdev_rings.hpp"
#include "parity/memory_port.hpp"
#include "port/ethdev.hpp"
#include "worker/engine_ingress.hpp"
#include "worker/worker.hpp"

namespace arpline::parity {

inline constexpr std::uint16_t kQueues = 2;
inline constexpr std::size_t kShortestTestRun = ARPL_ETH_BYTES;  ///< what BPF_PROG_TEST_RUN takes

/// What has become of a frame, whoever decided.
struct Seen {
  Outcome outcome = Outcome::kernel;
  packet::Bytes frame;  ///< the answer, or what the kernel gets; of a dropped one nothing
  std::vector<packet::Growth> grown;
  std::vector<arpl_event> events;
};
bool operator==(const Seen& a, const Seen& b);
/// For a person who reads a failure.
std::ostream& operator<<(std::ostream& out, const Seen& seen);

/// What frames may leave in the tables; two ways that have seen the same frames hold the same.
struct Left {
  std::span<arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;
  std::span<arpl_pair_set> pairs;
  std::span<__u64> filter;
  std::span<__u64> heard;
  std::span<__u64> buckets;
  std::span<arpl_credit> credit;
  const arpl_limits* limits = nullptr;  ///< what the parent awaits
};

/// The loaded ingress program and, for what it hands to the ring, the engine behind it. Keeps the thread on one
/// CPU: each has a clock of its own in the program.
class BpfWay {
 public:
  BpfWay();
  void install(const packet::Contents& contents);
  Seen run(std::span<const std::uint8_t> frame, std::uint16_t queue);
  /// The time that the program took it for, the last time it ran.
  std::uint64_t time_of_last_run() const;
  const Left& left() const { return left_; }

 private:
  void answer(const packet::Outcome& outcome, std::uint16_t queue, std::uint64_t now, Seen& seen);
  std::vector<packet::Growth> grown();

  packet::BpfRunner& runner_;
  std::vector<Mapped> mapped_;
  Left left_;
  std::vector<std::uint64_t> counts_;
  std::size_t cpu_;
  arpl_engine_counts engine_counts_{};
  Orders orders_;
  MemoryPort port_{kQueues};
  std::optional<Worker<MemoryPort>> worker_;
};

/// The engine without a program in front: a worker with the whole table over a DPDK device, and a second device
/// for what goes to the kernel.
class EthdevWay {
 public:
  EthdevWay();
  void install(const packet::Contents& contents);
  Seen run(std::span<const std::uint8_t> frame, std::uint16_t queue, std::uint64_t now);
  const Left& left() const { return left_; }
  /// Frames that are nowhere to be seen any more and were not given back.
  std::size_t leaked() const { return wire_.held(); }

 private:
  EthdevRings wire_{kQueues};
  EthdevRings kernel_{1};
  EthdevPort port_;
  packet::CppRunner tables_;
  Left left_;
  arpl_verdict_counts counts_{};
  arpl_engine_counts engine_counts_{};
  std::unique_ptr<EventRing> events_ = std::make_unique<EventRing>();
  Orders orders_;
  Worker<EthdevPort, EngineIngress> worker_;
};

/// Both, in step.
class Ways {
 public:
  /// Those that all tests of a process share.
  static Ways& shared();

  void install(const packet::State& state);
  struct Both {
    Seen program;
    Seen engine;
  };
  Both run(std::span<const std::uint8_t> frame, std::uint16_t queue);
  /// Endpoints that are contested or silent by now are as they were installed.
  void restore_slots();
  /// The first table in which the two differ; nullptr: none.
  const char* difference() const;
  std::size_t leaked() const { return engine_.leaked(); }
  const BpfWay& program() const { return program_; }

 private:
  BpfWay program_;
  EthdevWay engine_;
  packet::Contents contents_;
};

}  // namespace arpline::parity
