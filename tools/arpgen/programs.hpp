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

/// The maps that sender and meter write, in this process's memory. Valid as long as the Programs object.
struct Tables {
  std::span<arpgen_flow> flows;
  std::span<std::uint64_t> asked;
  std::span<arpgen_target> targets;
  std::span<arpgen_answers> answers;
  std::span<std::uint64_t> histogram;  ///< ARPGEN_BUCKETS per stream
  std::span<const std::uint64_t> exponential;
  std::span<std::uint64_t> frames;  ///< frames sent, by stream
  arpgen_progress* progress = nullptr;
  const __u64* settled = nullptr;  ///< requests with any answer, right or wrong
};

/// The BPF programs that make frames and meter answers, loaded for one plan.
class Programs {
 public:
  /// plan.plan.ifindex sends the frames. Throws SetupError.
  explicit Programs(const Plan& plan);
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs();

  /// Attaches the meter for the lifetime of this object, in native mode if the driver supports it, else in
  /// generic mode. Never replaces another program. Throws SetupError, which names `interface`.
  void attach_meter(const std::string& interface);
  bool generic() const noexcept { return generic_; }

  /// Resets the progress and sets the pace of the next run; generate() calls it.
  void begin(const arpgen_pace& pace) noexcept;
  /// Makes and sends frames in the kernel until progress->ended_at is set. It does not return by itself:
  /// another thread has to set ended_at, if it is not set yet, and to send this thread a signal. Throws
  /// SetupError.
  void generate(const arpgen_pace& pace);
  /// The generator program, which makes one frame per run; owned by this object.
  int generator_fd() const noexcept;

  /// Clears all counters and all records of requests.
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
