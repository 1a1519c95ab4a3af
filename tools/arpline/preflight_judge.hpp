// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "arpline/preflight_facts.hpp"

namespace arpline {

/// note: worth knowing; warning: works, but less than it could, or not for long; blocker: arplined cannot serve
/// it.
enum class Level { ok, note, warning, blocker };

struct Finding {
  std::string name;
  Level level = Level::ok;
  std::string evidence;
  std::string remedy;  ///< may be empty
};

/// Pure: the findings in the order in which a person would look.
std::vector<Finding> judge(const PreflightFacts& facts);

/// "ok", "note", "warning", "blocker".
const char* level_name(Level level);

std::string findings_as_text(const ForeignText& interface, const std::vector<Finding>& findings);
std::string findings_as_json(const ForeignText& interface, const std::vector<Finding>& findings);

/// The exit code: 1 with a blocker, else 0.
int exit_code(const std::vector<Finding>& findings);

}  // namespace arpline
