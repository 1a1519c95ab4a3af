// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "arpline/attached.hpp"
#include "arpline/doctor/findings/all.hpp"

namespace arpline::doctor {

void generic_xdp(const Facts& facts, Findings& out) {
  for (const auto& parent : facts.parents) {
    if (!parent.attached || parent.link.xdp_mode != XdpMode::generic) continue;
    const bool could = parent.link.xdp_features && (*parent.link.xdp_features & xdp_feature::basic) != 0;
    out.push_back({.id = "generic_xdp",
                   .severity = could ? Severity::warning : Severity::note,
                   .certainty = Certainty::certain,
                   .subject = visible(parent.link.name),
                   .evidence = fmt::format(
                       "arpline's program is attached in generic mode: slower, and without a "
                       "ring; the driver {}{}",
                       parent.link.driver.empty() ? "" : parent.link.driver + " ",
                       could ? "has native XDP: take generic_xdp out of the configuration, and restart arplined"
                             : "is not known to have native XDP"),
                   .about = {.parent = parent.link.ifindex}});
  }
}

}  // namespace arpline::doctor
