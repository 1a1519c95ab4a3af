// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

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

  explicit Harness(packet::BpfRunner& runner);
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  /// The empty program with the row's frame, without restoring.
  double empty(const packet::Row& row);
  double empty(const packet::EgressRow& row);
  /// Both set up the row's state first. The result includes the restoring, which is the same for all targets.
  double measure(bench_target target, const packet::Row& row);
  double measure(const packet::EgressRow& row);
  /// The row's way through arpline's program; none where counting needs the sockets of a ring.
  std::optional<packet::Way> way(const packet::Row& row);

 private:
  void put_back_before_each_frame(const packet::Row& row);
  double run_wire(const bpf_program* program, const packet::Row& row) const;

  packet::BpfRunner& runner_;
  limit_bpf* limits_ = nullptr;
  restore_bpf* restore_ = nullptr;
  unsigned ifindex_ = 0;
};

}  // namespace arpline::bench
