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

/// Runs `work` in a child process without privileges and network, which can access only files that are open
/// already, because it parses captures of unknown origin. Returns its exit code; an exception of `work` is
/// printed there and gives 1. Throws SetupError when the process can't be made or is killed.
int run_apart(const std::function<int()>& work);

}  // namespace arpline::replay
