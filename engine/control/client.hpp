// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"

namespace arpline {

/// A client waits that long for a daemon whose loop does not move.
inline constexpr std::chrono::milliseconds kDaemonPatience{1250};
/// And that long for one that is busy or waits for a CPU.
inline constexpr std::chrono::milliseconds kBusyPatience{10'000};

/// Connects to a control socket. `patience` also limits each send and receive. Empty: no daemon listens, or
/// errno says why not.
Fd connect_to(const std::string& socket_path, std::chrono::milliseconds patience);

/// Sends a request to the daemon behind a control socket. nullopt: no daemon listens, or its loop has neither
/// answered nor moved for `patience`, or has not answered within kBusyPatience, or sent no JSON.
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
