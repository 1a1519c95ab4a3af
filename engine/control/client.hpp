// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace arpline {

/// A daemon that works answers within this time, and a client waits no longer.
inline constexpr std::chrono::milliseconds kDaemonPatience{1250};

/// Sends a request to the daemon behind a control socket. nullopt: no daemon listens, or it has sent nothing
/// for `patience`, or no JSON.
std::optional<nlohmann::json> ask(const std::string& socket_path, const nlohmann::json& request,
                                  std::chrono::milliseconds patience = kDaemonPatience);

/// Asks several daemons at once and returns their replies in the order of the sockets. Those that hang are
/// waited for together, not one after another.
std::vector<std::optional<nlohmann::json>> ask_each(const std::vector<std::string>& socket_paths,
                                                    const nlohmann::json& request,
                                                    std::chrono::milliseconds patience = kDaemonPatience);

/// Whether a daemon listens at that socket. Sends no request.
bool is_listening(const std::string& socket_path);

}  // namespace arpline
