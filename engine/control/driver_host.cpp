// SPDX-License-Identifier: Apache-2.0
#include "control/driver_host.hpp"

#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "kernel/gateways.hpp"

namespace arpline {

Instant KernelHost::now() const {
  return Clock::now();
}

// Reading fails when the namespace is being deleted, or when its routes change faster than they can be read.
std::optional<std::vector<Route>> KernelHost::routes_of(int nsid) {
  const Fd netns = open_(nsid);
  if (!netns) return std::nullopt;
  try {
    return routes_inside(netns);
  } catch (const SetupError&) {
    return std::nullopt;
  }
}

std::vector<Ipv4> KernelHost::addresses_of(const ForeignText& interface) {
  return addresses_here(interface);
}

bool KernelHost::send_inside(int nsid, std::vector<InsideFrame> frames) {
  Fd netns = open_(nsid);
  if (!netns) return false;
  sender_.send(std::move(netns), std::move(frames));
  return true;
}

}  // namespace arpline
