// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline {

/// Registers /arpline/endpoints, /arpline/verdicts, /arpline/counters and /arpline/limits at DPDK's telemetry
/// socket. The answers come from the pinned maps of this namespace's parents. The EAL must be running. Throws
/// SetupError.
void offer_telemetry(const std::string& pin_root);

}  // namespace arpline
