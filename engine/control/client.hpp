// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace arpline {

/// Asks the daemon behind a control socket. nullopt: nobody listens, or nothing came back in time.
std::optional<nlohmann::json> ask(const std::string& socket_path, const nlohmann::json& request,
                                  std::chrono::milliseconds patience = std::chrono::seconds{2});

}  // namespace arpline
