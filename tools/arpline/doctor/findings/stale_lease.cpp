// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "arpline/attached.hpp"
#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

std::string state_of(const Parent& parent) {
  const auto owner = parent.owner_pid == 0 ? std::string{} : fmt::format(" (process {})", parent.owner_pid);
  switch (parent.daemon) {
    case Daemon::answers:
      return fmt::format("its arplined{} answers but does not extend the lease", owner);
    case Daemon::silent:
      return fmt::format("an arplined{} holds the parent's lock and does not answer", owner);
    case Daemon::absent:
      break;
  }
  return fmt::format("its arplined{} is gone", owner);
}

// A daemon that is gone is started again and takes over the pins. A daemon that hangs has to be ended first,
// and a command does that reliably only for arplined.service's own process.
Command remedy(const Facts& facts, const Parent& parent) {
  const bool gone = parent.daemon == Daemon::absent;
  if (facts.service && (gone || parent.owner_in_service)) return Command{"systemctl restart arplined"};
  if (gone) return start_command(parent.link.name);
  return detach_command(parent.link.name);
}

}  // namespace

void stale_lease(const Facts& facts, Findings& out) {
  for (const auto& parent : facts.parents) {
    if (!parent.pinned || parent.lease_seconds > 0) continue;
    out.push_back({.id = "stale_lease",
                   .severity = Severity::warning,
                   .certainty = Certainty::certain,
                   .subject = visible(parent.link.name),
                   .evidence = fmt::format(
                       "arpline's programs are on {}, but the lease ended {} ago: {}. Until it is renewed "
                       "everything is left to the kernel; {} takes them off",
                       visible(parent.link.name), duration(-parent.lease_seconds), state_of(parent),
                       detach_command(parent.link.name).text()),
                   .command = remedy(facts, parent),
                   .about = {.parent = parent.link.ifindex}});
  }
}

}  // namespace arpline::doctor
