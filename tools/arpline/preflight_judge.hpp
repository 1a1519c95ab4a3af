// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/finding.hpp"
#include "arpline/preflight_facts.hpp"

namespace arpline {

/// Pure: the findings in the order in which an operator would check.
Findings judge(const PreflightFacts& facts);

std::string findings_as_text(const ForeignText& interface, const Findings& findings);
std::string findings_as_json(const ForeignText& interface, const Findings& findings);

/// The exit code: 1 when something is critical, else 0.
int preflight_exit_code(const Findings& findings);

}  // namespace arpline
