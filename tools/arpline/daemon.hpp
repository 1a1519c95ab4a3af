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

/// Asks the daemon that serves this parent. nullopt: none runs, or it does not answer. Throws SetupError for
/// who may not connect.
std::optional<nlohmann::json> ask_daemon(const Roots& roots, const PinName& name, const nlohmann::json& request,
                                         std::chrono::milliseconds patience = kDaemonPatience);

/// The same for the daemons of several parents at once, in their order.
std::vector<std::optional<nlohmann::json>> ask_daemons(const Roots& roots, const std::vector<PinName>& names,
                                                       const nlohmann::json& request);

/// What a daemon has answered; throws SetupError for what is of another version, and names the field.
template <class Status>
Status read_answer(const nlohmann::json& answer) {
  try {
    return from_json<Status>(answer);
  } catch (const AnswerError& error) {
    throw SetupError(fmt::format(
        "what arplined answers cannot be read: {}; it is of another version, restart it", error.what()));
  }
}

/// Whether the daemon that has just not answered is there all the same.
bool is_hung(const Roots& roots, const PinName& name);

/// "PARENT: its arplined hangs: …", and what to do.
std::string about_hung(const PinName& name);

}  // namespace arpline
