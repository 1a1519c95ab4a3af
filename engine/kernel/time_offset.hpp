// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arpline {

/// Added to this process's CLOCK_MONOTONIC it gives the clock of BPF programs. It is 0 except in a time
/// namespace with an offset. Throws SetupError when it can't be determined.
std::int64_t time_offset_ns();

}  // namespace arpline
