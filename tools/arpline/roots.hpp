// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "kernel/pins.hpp"

namespace arpline {

/// Where pins, locks and control sockets are.
struct Roots {
  std::string pins = "/sys/fs/bpf/arpline";
  std::string run = "/run/arpline";
};

/// Who asks: root, who may look at the pins too, or anybody, to whom a control socket may be open.
enum class Looker { root, anybody };

/// The parents of the caller's own network namespace that are pinned or served; `interface` empty: all of them.
/// Throws SetupError for who may not look; `anybody` only where neither pins nor served parents are to be seen.
std::vector<PinName> find_parents(const Roots& roots, const std::string& interface, Looker looker);

}  // namespace arpline
