// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace arpline {

/// What a daemon that works is never late by, and what nobody is kept waiting for longer.
inline constexpr std::chrono::milliseconds kDaemonPatience{1250};

/// Asks the daemon behind a control socket. nullopt: nobody listens, or nothing came back for so long.
std::optional<nlohmann::json> ask(const std::string& socket_path, const nlohmann::json& request,
                                  std::chrono::milliseconds patience = kDaemonPatience);

/// The same for several at once, in their order: those that hang cost their time together, not one after
/// another.
std::vector<std::optional<nlohmann::json>> ask_each(const std::vector<std::string>& socket_paths,
                                                    const nlohmann::json& request,
                                                    std::chrono::milliseconds patience = kDaemonPatience);

/// Whether somebody listens at that socket, without asking anything.
bool is_listening(const std::string& socket_path);

}  // namespace arpline
