// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "arpline/attached.hpp"
#include "arpline/doctor/findings/all.hpp"

namespace arpline::doctor {
namespace {

std::string in_front(const Parent& parent) {
  std::string list;
  for (const auto& program : parent.tcx) list += (list.empty() ? "" : ", ") + ("tcx program " + program);
  for (const auto& filter : parent.before_egress) list += (list.empty() ? "" : ", ") + filter_text(filter);
  return list.empty() ? "none that can be listed" : list;
}

// The command that deletes the one filter in front of arpline's. With several there is no command, because the
// facts do not show which one hides egress.
Command delete_filter_command(const Parent& parent) {
  if (!parent.tcx.empty() || parent.before_egress.size() != 1) return {};
  return Command{"tc filter del dev {} egress pref {}", parent.link.name, parent.before_egress.front().pref};
}

}  // namespace

void hidden_egress(const Facts& facts, Findings& out) {
  for (const auto& parent : facts.parents) {
    const bool hidden = parent.egress == "hidden" || parent.egress == "missing";
    const bool untried = parent.daemon != Daemon::answers && parent.attached &&
                         !(parent.before_egress.empty() && parent.tcx.empty());
    if (!hidden && !untried) continue;
    out.push_back(
        {.id = "hidden_egress",
         .severity = hidden ? Severity::warning : Severity::note,
         .certainty = hidden ? Certainty::certain : Certainty::possible,
         .subject = visible(parent.link.name),
         .evidence = fmt::format("{}; in front of it: {}",
                                 hidden ? "arpline's egress filter does not see what leaves, so nothing is "
                                          "ever confirmed"
                                        : "another egress filter may hide arpline's; no arplined is there "
                                          "to try it",
                                 in_front(parent)),
         .command = delete_filter_command(parent),
         .about = {.parent = parent.link.ifindex}});
  }
}

}  // namespace arpline::doctor
