// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "arpline/roots.hpp"
#include "base/error.hpp"
#include "control/client.hpp"
#include "report/answers.hpp"
#include "report/status.hpp"

namespace arpline {

/// Connects to the daemon that serves this parent; `patience` as for connect_to(). Empty: none runs. Throws
/// SetupError when the caller may not connect.
Fd connect_to_daemon(const Roots& roots, const PinName& name, std::chrono::milliseconds patience);

/// Sends a request to the daemon that serves this parent. nullopt when none runs or it does not answer in time.
/// Throws SetupError when the caller may not connect.
std::optional<nlohmann::json> ask_daemon(const Roots& roots, const PinName& name, const nlohmann::json& request,
                                         std::chrono::milliseconds patience = kDaemonPatience);

/// Sends the same request to the daemons of several parents at once; the answers are in the order of `names`.
std::vector<std::optional<nlohmann::json>> ask_daemons(const Roots& roots, const std::vector<PinName>& names,
                                                       const nlohmann::json& request);

/// Parses a daemon's answer; throws SetupError with the field's name for an answer of another version.
template <class Status>
Status read_answer(const nlohmann::json& answer) {
  try {
    return from_json<Status>(answer);
  } catch (const AnswerError& error) {
    throw SetupError(fmt::format(
        "what arplined answers cannot be read: {}; it is of another version, restart it", error.what()));
  }
}

/// Whether a daemon runs; for a caller whose request it has just left unanswered.
bool is_hung(const Roots& roots, const PinName& name);

/// "PARENT: its arplined hangs: …", with the remedy.
std::string about_hung(const PinName& name);

}  // namespace arpline
