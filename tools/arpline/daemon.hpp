// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "arpline/roots.hpp"

namespace arpline {

/// Asks the daemon that serves this parent. nullopt: none runs, or it does not answer. Throws SetupError for
/// who may not connect.
std::optional<nlohmann::json> ask_daemon(const Roots& roots, const PinName& name, const nlohmann::json& request,
                                         std::chrono::milliseconds patience = std::chrono::seconds{2});

}  // namespace arpline
