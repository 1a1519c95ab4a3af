// SPDX-License-Identifier: Apache-2.0
#include "arpline/preflight.hpp"

#include <fmt/format.h>

#include "arpline/preflight_facts.hpp"
#include "arpline/preflight_judge.hpp"

namespace arpline {

int preflight(const std::string& interface, bool json) {
  const auto findings = judge(gather_preflight_facts(interface));
  fmt::print("{}", json ? findings_as_json(interface, findings) : findings_as_text(interface, findings));
  return preflight_exit_code(findings);
}

}  // namespace arpline
