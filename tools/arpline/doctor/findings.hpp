// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "arpline/doctor/facts.hpp"

namespace arpline::doctor {

/// note: worth knowing; warning: works, but less than it could, or not for long; critical: an endpoint is not
/// reachable.
enum class Severity { note, warning, critical };

/// possible: one explanation among others; likely: everything seen fits; certain: the kernel itself says so.
enum class Certainty { possible, likely, certain };

/// What a finding is about, to choose those that belong to an ENDPOINT. All empty: the host as a whole.
struct About {
  int parent = 0;                      ///< ifindex
  std::vector<const Device*> devices;  ///< empty: the parent with everything on it
  std::vector<Ipv4> addresses;         ///< of endpoints that no interface has any more
};

struct Finding {
  std::string id;
  Severity severity = Severity::note;
  Certainty certainty = Certainty::possible;
  std::string subject;
  std::string evidence;
  Command command;  ///< would mend it; never run by doctor. Empty: no command can
  About about;
};

using Findings = std::vector<Finding>;

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
