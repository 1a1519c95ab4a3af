// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "arpgen/programs.hpp"

namespace arpline::gen {

/// Makes the frames of a plan in this process; bpf/generate.bpf.c makes the same frames in the kernel.
class Maker {
 public:
  /// The plan is kept by reference. Empty tables are not written.
  Maker(const Plan& plan, const Tables& tables) : plan_(plan), tables_(tables) {}

  struct Made {
    std::uint32_t bytes;
    std::uint32_t stream;
    bool asks;  ///< the frame is a request that somebody answers
  };
  /// Writes frame `index` to `data`, which has room for ARPGEN_MAX_FRAME_BYTES, counts it and notes that its
  /// request was due at due_ns.
  Made make(std::uint64_t index, std::uint64_t due_ns, std::uint8_t* data) const noexcept;

 private:
  const Plan& plan_;
  Tables tables_;
};

}  // namespace arpline::gen
