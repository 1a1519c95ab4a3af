// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/doctor/facts.hpp"
#include "arpline/finding.hpp"

namespace arpline::doctor {

/// Pure: all findings, the most severe first, those alone that belong to `facts.asked`. Throws SetupError when
/// no interface, MAC address or namespace of that name is known; an address that nobody has is a finding.
Findings examine(const Facts& facts);

std::string findings_as_text(const Facts& facts, const Findings& findings);
std::string findings_as_json(const Facts& facts, const Findings& findings);

/// "docs/doctor.md#wrong-parent" for "wrong_parent".
std::string docs_page(const std::string& id);

/// 0: nothing, or notes only; 1: a warning; 2: critical.
int exit_code(const Findings& findings);

}  // namespace arpline::doctor
