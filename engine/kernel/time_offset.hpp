// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"

namespace arpline {

/// Added to this process's CLOCK_MONOTONIC it gives the clock of BPF programs. It is 0 except in a time
/// namespace with an offset. Throws SetupError when it can't be determined.
Duration time_offset();

}  // namespace arpline
