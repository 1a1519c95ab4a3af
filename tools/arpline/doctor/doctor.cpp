// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/doctor.hpp"

#include <fmt/format.h>

#include <exception>

#include "arpline/doctor/findings.hpp"
#include "base/foreign_text.hpp"
#include "base/output.hpp"
#include "kernel/capabilities.hpp"

namespace arpline::doctor {

int run(const Request& request, bool json, const Roots& roots) {
  try {
    const auto facts = gather_facts(request, roots);
    drop_all_capabilities();  // the rest judges and prints, from names that containers chose
    const auto findings = examine(facts);
    fmt::print("{}", json ? findings_as_json(facts, findings) : findings_as_text(facts, findings));
    finish_stdout();
    return exit_code(findings);
  } catch (const std::exception& error) {
    fmt::print(stderr, "arpline doctor: {}\n", visible_line(error.what()));
    return kCouldNotLook;
  }
}

}  // namespace arpline::doctor
