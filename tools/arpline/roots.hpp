// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "kernel/pins.hpp"

namespace arpline {

/// The folders of pins, and of locks and control sockets.
struct Roots {
  std::string pins = "/sys/fs/bpf/arpline";
  std::string run = "/run/arpline";
};

/// The caller: root, who may read the pins too, or anybody, who may be allowed to use a control socket.
enum class Looker { root, anybody };

/// The parents of the caller's own network namespace that are pinned or served; `interface` empty: all of them.
/// Throws SetupError when the caller may not read the folders; for `anybody` only when neither pins nor served
/// parents are visible.
std::vector<PinName> find_parents(const Roots& roots, const std::string& interface, Looker looker);

}  // namespace arpline
