// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arpline {

/// What this process's CLOCK_MONOTONIC lacks to the kernel's own clock, which is that of BPF programs: 0 but in
/// a time namespace with an offset. Throws SetupError when it can't be known.
std::int64_t time_offset_ns();

}  // namespace arpline
