// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace arpline::replay {

/// Runs `work` in a process of its own that has no privilege, no network, and of files only those that are open
/// already: what a stranger has written is read there. Returns its exit code; what `work` throws is told there,
/// and is 1. Throws SetupError where that process can't be made or is killed.
int run_apart(const std::function<int()>& work);

}  // namespace arpline::replay
