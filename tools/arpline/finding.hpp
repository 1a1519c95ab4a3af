// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/command.hpp"
#include "base/net.hpp"

namespace arpline {

namespace doctor {
struct Device;
}

/// ok: looked at, and nothing is wrong; note: worth knowing; warning: works, but less than it could, or not for
/// long; critical: an endpoint is not reachable, or arplined cannot serve the parent (preflight says
/// "blocker").
enum class Severity { ok, note, warning, critical };

/// The word of its enumerator.
constexpr const char* severity_name(Severity severity) noexcept {
  switch (severity) {
    case Severity::ok:
      return "ok";
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::critical:
      break;
  }
  return "critical";
}

/// possible: one explanation among others; likely: everything seen fits; certain: the kernel itself says so.
enum class Certainty { possible, likely, certain };

/// What a finding is about, to choose those that belong to an ENDPOINT. All empty: the host as a whole.
struct About {
  int parent = 0;                              ///< ifindex
  std::vector<const doctor::Device*> devices;  ///< empty: the parent with everything on it
  std::vector<Ipv4> addresses;                 ///< of endpoints that no interface has any more
};

/// What preflight or doctor has to say; neither does anything about it.
struct Finding {
  std::string id;
  Severity severity = Severity::note;
  Certainty certainty = Certainty::possible;
  std::string subject{};   ///< empty: the interface that was asked about
  std::string evidence{};  ///< with numbers and names
  Command command{};       ///< would mend it; empty: no command alone can
  std::string advice{};    ///< in words, where no command alone can; may be empty
  About about{};
};

using Findings = std::vector<Finding>;

/// What would mend it, for a person; may be empty.
inline const std::string& remedy_of(const Finding& finding) {
  return finding.command.empty() ? finding.advice : finding.command.text();
}

}  // namespace arpline
