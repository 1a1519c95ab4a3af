// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "arpgen/programs.hpp"

namespace arpline::gen {

/// Puts the frames of a plan on the wire, in the order of their numbers. run() has a thread of its own.
class Source {
 public:
  virtual ~Source() = default;
  /// Sends until progress->ended_at is set, by itself or by somebody else; whoever waits for its end sends its
  /// thread a signal until then. Throws SetupError.
  virtual void run(const arpgen_pace& pace) = 0;
};

/// "live": made and sent by the kernel; "xsk": AF_XDP on queue 0; "packet": AF_PACKET. Throws SetupError.
std::unique_ptr<Source> make_source(const std::string& name, const std::string& interface, const Plan& plan,
                                    Programs& programs);

}  // namespace arpline::gen
