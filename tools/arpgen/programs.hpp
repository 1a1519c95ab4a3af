// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "arpgen/bpf/abi.h"
#include "arpgen/bpf/pace.h"
#include "arpgen/traffic.hpp"
#include "base/fd.hpp"
#include "base/mapped.hpp"

struct arpgen_bpf;

namespace arpline::gen {

/// What sender and meter write, in this process's memory. Valid as long as the Programs are.
struct Tables {
  std::span<arpgen_flow> flows;
  std::span<std::uint64_t> asked;
  std::span<arpgen_target> targets;
  std::span<arpgen_answers> answers;
  std::span<std::uint64_t> histogram;  ///< ARPGEN_BUCKETS a stream
  std::span<const std::uint64_t> exponential;
  std::span<std::uint64_t> frames;  ///< sent, a stream
  arpgen_progress* progress = nullptr;
  const __u64* settled = nullptr;  ///< requests for which something came back, right or wrong
};

/// The BPF programs that make frames and meter answers, loaded for one plan.
class Programs {
 public:
  /// plan.plan.ifindex is where frames go out. Throws SetupError.
  explicit Programs(const Plan& plan);
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs();

  /// Attaches the meter until this object ends: native where the driver can, else generic. Throws SetupError;
  /// another program is never replaced. `interface` is for the error only.
  void attach_meter(const std::string& interface);
  bool generic() const noexcept { return generic_; }

  /// Sets the pace of the frames to come; generate() does it by itself.
  void begin(const arpgen_pace& pace) noexcept;
  /// Makes and sends frames in the kernel until progress->ended_at is set. Does not return by itself: the
  /// caller ends it, then or earlier, by setting ended_at and sending this thread a signal. Throws SetupError.
  void generate(const arpgen_pace& pace);
  /// The program that makes one frame a run; owned by this object.
  int generator_fd() const noexcept;

  /// All counters, and what is known about requests, as they were at the start.
  void reset() noexcept;
  Tables tables() const noexcept;

 private:
  std::unique_ptr<arpgen_bpf, void (*)(arpgen_bpf*)> skeleton_;
  Fd link_;
  Mapped flows_, asked_, targets_, answers_, histogram_, exponential_, zipf_;
  std::uint32_t frame_bytes_;
  bool generic_ = false;
};

}  // namespace arpline::gen
