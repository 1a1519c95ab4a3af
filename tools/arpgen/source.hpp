// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "arpgen/programs.hpp"

namespace arpline::gen {

/// Sends the frames of a plan in the order of their numbers.
class Source {
 public:
  virtual ~Source() = default;
  /// Sends until progress->ended_at is set, by itself or by another thread. It runs in a thread of its own, to
  /// which the waiting thread has to send signals until it returns. Throws SetupError.
  virtual void run(const arpgen_pace& pace) = 0;
};

/// "live": the kernel makes and sends the frames; "xsk": AF_XDP on queue 0; "packet": AF_PACKET. Throws
/// SetupError.
std::unique_ptr<Source> make_source(const std::string& name, const std::string& interface, const Plan& plan,
                                    Programs& programs);

}  // namespace arpline::gen
