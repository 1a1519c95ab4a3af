// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace arpline {

/// Answers /arpline/endpoints, /arpline/verdicts and /arpline/limits on DPDK's telemetry socket with what the
/// maps of this namespace's parents hold. The EAL runs. Throws SetupError.
void offer_telemetry(const std::string& pin_root);

}  // namespace arpline
