// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/doctor/facts.hpp"
#include "arpline/finding.hpp"

namespace arpline::doctor {

/// Pure: all findings that concern `facts.asked`, the most severe first. Throws SetupError when `facts.asked`
/// is an unknown interface, MAC address or namespace; an address that no interface has is a finding.
Findings examine(const Facts& facts);

std::string findings_as_text(const Facts& facts, const Findings& findings);
std::string findings_as_json(const Facts& facts, const Findings& findings);

/// "docs/doctor.md#wrong-parent" for "wrong_parent".
std::string docs_page(const std::string& id);

/// 0: no finding, or notes only; 1: a warning; 2: critical.
int exit_code(const Findings& findings);

}  // namespace arpline::doctor
