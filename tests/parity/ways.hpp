// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <iosfwd>
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
inline constexpr std::size_t kShortestTestRun = ARPL_ETH_BYTES;  ///< the minimum of BPF_PROG_TEST_RUN

/// The outcome of a frame, by the program or the engine.
struct Seen {
  Outcome outcome = Outcome::kernel;
  packet::Bytes frame;  ///< the reply, or the frame for the kernel; empty for a dropped one
  std::vector<packet::Growth> grown;
  std::vector<arpl_event> events;
};
bool operator==(const Seen& a, const Seen& b);
/// For failure messages.
std::ostream& operator<<(std::ostream& out, const Seen& seen);

/// The tables that frames can change. Two ways that have run the same frames must have equal ones.
struct Left {
  std::span<arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;
  std::span<arpl_pair_set> pairs;
  std::span<__u64> filter;
  std::span<__u64> heard;
  std::span<__u64> buckets;
  std::span<arpl_credit> credit;
  const arpl_limits* limits = nullptr;  ///< for the gateway that the parent awaits
};

/// The loaded ingress program, with the engine behind its ring. Pins the thread to one CPU, because the program
/// has a clock per CPU.
class BpfWay {
 public:
  BpfWay();
  void install(const packet::Contents& contents);
  Seen run(std::span<const std::uint8_t> frame, std::uint16_t queue);
  /// The program's time in its last run.
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

/// The engine without a program: a worker with all tables over one DPDK device, and a second device for frames
/// to the kernel.
class EthdevWay {
 public:
  EthdevWay();
  void install(const packet::Contents& contents);
  Seen run(std::span<const std::uint8_t> frame, std::uint16_t queue, std::uint64_t now);
  const Left& left() const { return left_; }
  /// Frames that were neither sent nor freed.
  std::size_t leaked() const { return wire_.held(); }

 private:
  EthdevRings wire_{kQueues};
  EthdevRings kernel_{1};
  EthdevPort port_;
  packet::CppRunner tables_;
  Left left_;
  arpl_engine_counts engine_counts_{};
  Orders orders_;
  Worker<EthdevPort, EngineIngress> worker_;
};

/// Both, with the same frames at the same times.
class Ways {
 public:
  /// The pair that all tests of a process share.
  static Ways& shared();

  void install(const packet::State& state);
  struct Both {
    Seen program;
    Seen engine;
  };
  Both run(std::span<const std::uint8_t> frame, std::uint16_t queue);
  /// Undoes claims and missed checks: restores the endpoints' slots as installed.
  void restore_slots();
  /// The name of the first table that differs; nullptr when all are equal.
  const char* difference() const;
  std::size_t leaked() const { return engine_.leaked(); }
  const BpfWay& program() const { return program_; }

 private:
  BpfWay program_;
  EthdevWay engine_;
  packet::Contents contents_;
};

}  // namespace arpline::parity
