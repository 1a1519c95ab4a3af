// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bpf/row.h"
#include "packet/bpf_runner.hpp"

struct bpf_program;
struct limit_bpf;
struct restore_bpf;

namespace arpline::bench {

/// Measures nanoseconds per frame with BPF_PROG_TEST_RUN for arpline's programs, the empty one and the bare
/// reflector. Each frame of a run finds the same state: restore.bpf.c restores it before each frame.
class Harness {
 public:
  /// Frames in one run. A run also costs 20 ms, because the kernel waits for all CPUs when it changes the
  /// program.
  static constexpr std::uint32_t batch = 5000;

  /// The empty program with the same frame.
  struct Empty {
    double ns = 0;
    double restoring_ns = 0;  ///< cost per frame of restoring the state
  };

  explicit Harness(packet::BpfRunner& runner);
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  Empty empty(const packet::Row& row);
  Empty empty(const packet::EgressRow& row);
  /// Both set up the row's state first; the result includes restoring_ns.
  double measure(bench_target target, const packet::Row& row);
  double measure(const packet::EgressRow& row);

 private:
  void put_back_before_each_frame(const packet::Row& row);
  double run_wire(const bpf_program* program, const packet::Row& row) const;

  packet::BpfRunner& runner_;
  limit_bpf* limits_ = nullptr;
  restore_bpf* restore_ = nullptr;
  unsigned ifindex_ = 0;
};

}  // namespace arpline::bench
