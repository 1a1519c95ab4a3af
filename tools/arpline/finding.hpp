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

/// ok: checked, no fault; note: information; warning: works, but with restrictions or not for long; critical:
/// an endpoint is not reachable, or arplined cannot serve the parent (preflight prints "blocker").
enum class Severity { ok, note, warning, critical };

/// The enumerator's name.
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

/// possible: one explanation among others; likely: all observations fit; certain: the kernel itself reports it.
enum class Certainty { possible, likely, certain };

/// The objects of a finding, by which doctor selects the findings for an ENDPOINT. All empty: the host as a
/// whole.
struct About {
  int parent = 0;                              ///< ifindex
  std::vector<const doctor::Device*> devices;  ///< empty: the parent with everything on it
  std::vector<Ipv4> addresses;                 ///< addresses of endpoints that no interface has any more
};

/// A result of preflight or doctor. Neither applies the remedy.
struct Finding {
  std::string id;
  Severity severity = Severity::note;
  Certainty certainty = Certainty::possible;
  std::string subject{};   ///< empty: the interface in question
  std::string evidence{};  ///< with numbers and names
  Command command{};       ///< the remedy; empty: no single command
  std::string advice{};    ///< the remedy in words, where no single command is enough; may be empty
  About about{};
};

using Findings = std::vector<Finding>;

/// The remedy for a person: the command, or the advice; may be empty.
inline const std::string& remedy_of(const Finding& finding) {
  return finding.command.empty() ? finding.advice : finding.command.text();
}

}  // namespace arpline
