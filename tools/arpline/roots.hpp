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

/// The parents of the caller's own network namespace that are pinned or served; `interface` empty: all of them.
/// Throws SetupError for who may not look.
std::vector<PinName> find_parents(const Roots& roots, const std::string& interface);

}  // namespace arpline
