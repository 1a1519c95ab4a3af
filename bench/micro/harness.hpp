// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bpf/row.h"
#include "packet/bpf_runner.hpp"

struct bpf_program;
struct limit_bpf;
struct restore_bpf;

namespace arpline::bench {

/// Nanoseconds per frame through BPF_PROG_TEST_RUN, of arpline's program, the empty one and the bare reflector,
/// each frame of a run meeting the same state.
class Harness {
 public:
  /// Frames in one run. A run costs 20 ms besides: the kernel waits for all CPUs when it changes the program.
  static constexpr std::uint32_t batch = 5000;

  /// The empty program with the same frame.
  struct Empty {
    double ns = 0;
    double restoring_ns = 0;  ///< what putting the state back before each frame adds
  };

  explicit Harness(packet::BpfRunner& runner);
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  Empty empty(const packet::Row& row);
  Empty empty(const packet::EgressRow& row);
  /// These install the row's state anew; what they return contains restoring_ns.
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
