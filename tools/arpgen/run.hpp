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

/// The speed and the limits of a run, which ends at the first limit.
struct Pace {
  std::optional<double> per_second;  ///< frames a second; nullopt: as fast as the source can
  bool poisson = false;
  std::uint64_t window = 0;  ///< requests open at once; 0: open loop
  double seconds = 0;
  std::uint64_t frames = 0;
  std::optional<unsigned> cpu;  ///< the CPU of the sender's thread
};

/// Called about once a second with the results so far, without the addresses.
using Watcher = std::function<void(const Results&)>;

/// Runs one plan on one interface with one source; go() may be called repeatedly.
class Run {
 public:
  /// All arguments are kept by reference. A signal handler or another thread sets `stop` to end a run early.
  Run(const Plan& plan, Programs& programs, Source& source, const std::atomic<bool>& stop);

  /// Sends, waits for answers until the deadline of the last request, and returns the results; the caller fills
  /// in interface and source. Throws SetupError when the source can't send.
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
