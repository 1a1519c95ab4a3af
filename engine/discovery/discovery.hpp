// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "endpoints/model.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// Finds the macvlan and macvtap children of one parent in every reachable network namespace, once;
/// NetnsMonitor follows the changes too. It works for the network namespace of the thread that constructs it
/// and must be called from a thread in that namespace.
class Discovery {
 public:
  /// `parent`: the interface's name or an alternative name. Throws SetupError.
  explicit Discovery(ForeignText parent);

  /// Reads everything from the kernel anew. nullopt: there is no such parent. A namespace that vanishes
  /// meanwhile is left out. Throws SetupError when the kernel refuses, or when links change faster than they
  /// can be read.
  std::optional<Snapshot> snapshot();

 private:
  ForeignText parent_;
  Netlink route_;
};

}  // namespace arpline
