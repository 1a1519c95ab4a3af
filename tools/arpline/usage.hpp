// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace arpline {

/// The exit codes of all commands but doctor, whose 0 to 3 are those of monitoring plugins (docs/doctor.md).
namespace exit_code {
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kNoDaemon = 3;  ///< no arplined runs where one was asked for, or it hangs
}  // namespace exit_code

/// The command needs a daemon that answers, and there is none.
class NoDaemonError : public SetupError {
 public:
  using SetupError::SetupError;
};

/// Moves the command's name to the front, so that its options may stand before it. Words as in argv[1…].
std::vector<std::string> command_first(const CLI::App& app, std::vector<std::string> words);

/// One line for words that the command line doesn't take, with the name that was probably meant.
std::string usage_text(const CLI::App& app, const CLI::ParseError& error);

/// The candidate nearest to `word`: at most a third of its letters have to change; "" when none is that near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace arpline
