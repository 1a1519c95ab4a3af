// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "packet/bpf_runner.hpp"
#include "shared/watched.h"

struct watched_bpf;

namespace arpline::packet {

/// The programs as they are while somebody watches, on the maps of the shared BpfRunner.
class Watched {
 public:
  /// Loaded once in a process.
  static Watched& shared();
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  /// From here on the shared BpfRunner runs them; watcher 0 wants every frame, and nobody else wants any.
  void begin();
  /// The BpfRunner runs its own again.
  static void end() { BpfRunner::shared().use(-1, -1); }

  /// Replaces what a watcher wants; flags, token bucket and all.
  void want(std::uint32_t watcher, const arpl_watch_filter& filter);
  /// The records since the last call.
  std::vector<arpl_watched_frame> take();
  /// The frames that a watcher has missed since begin().
  std::uint64_t left_out(std::uint32_t watcher) const;
  std::vector<std::uint32_t> verified_instructions() const;

 private:
  Watched();
  arpl_watch_left_out all_left_out() const;

  watched_bpf* skeleton_ = nullptr;
  ring_buffer* ring_ = nullptr;
  std::vector<arpl_watched_frame> taken_;
  arpl_watch_left_out left_out_before_{};
};

}  // namespace arpline::packet
