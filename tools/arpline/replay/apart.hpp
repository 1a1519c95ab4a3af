// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <functional>

namespace arpline::replay {

/// Holds SIGINT, SIGTERM and SIGHUP back while the object lives: made before a file that has to be removed when
/// one of them ends arpline. run_apart() lets them in.
class HeldSignals {
 public:
  HeldSignals() noexcept;
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals();

 private:
  sigset_t before_{};
};

/// Runs `work` in a process of its own that has no privilege, no network, and of files only those that are open
/// already: what a stranger has written is read there. Returns its exit code; what `work` throws is told there,
/// and is 1. Throws SetupError where that process can't be made or is killed.
int run_apart(const std::function<int()>& work);

}  // namespace arpline::replay
