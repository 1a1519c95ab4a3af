// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "arpgen/programs.hpp"
#include "arpgen/results.hpp"
#include "arpgen/source.hpp"

namespace arpline::gen {

/// How fast, and until when. A run ends with whichever limit comes first.
struct Pace {
  std::optional<double> per_second;  ///< of frames; none: as fast as the source can
  bool poisson = false;
  std::uint64_t window = 0;  ///< requests open at once; 0: open loop
  double seconds = 0;
  std::uint64_t frames = 0;
  std::optional<unsigned> cpu;  ///< where the sender runs
};

/// Called about once a second with what has happened so far, without the addresses.
using Watcher = std::function<void(const Results&)>;

/// One plan, one interface, one source; may be run again and again.
class Run {
 public:
  /// All are kept by reference. `stop` ends a run early, from a signal handler or another thread.
  Run(const Plan& plan, Programs& programs, Source& source, const std::atomic<bool>& stop);

  /// Sends, waits for answers until the deadline of the last request, and returns the sums; interface and
  /// source are for the caller to fill in. Throws SetupError when the source can't send.
  Results go(const Pace& pace, const Watcher& watcher);

 private:
  void send(const Pace& pace, const Watcher& watcher);
  void watch(const Watcher& watcher) const;
  void await_answers() const;
  Results snapshot(bool with_addresses) const;

  const Plan& plan_;
  Programs& programs_;
  Source& source_;
  const std::atomic<bool>& stop_;
  Tables tables_;
};

}  // namespace arpline::gen
