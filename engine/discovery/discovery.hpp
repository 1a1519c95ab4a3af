// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "endpoints/model.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// Finds the macvlan and macvtap children of one parent in every reachable network namespace, once; for who
/// does not stay to watch. Belongs to the network namespace of the thread that makes it, and is for a thread in
/// that namespace.
class Discovery {
 public:
  /// parent: a name of an interface, an alternative one too. Throws SetupError.
  explicit Discovery(ForeignText parent);

  /// How it is now; asks the kernel for everything anew. nullopt: there is no such parent.
  /// A namespace that vanishes meanwhile is left out. Throws SetupError when the kernel refuses, or when links
  /// change faster than they can be read.
  std::optional<Snapshot> snapshot();

 private:
  ForeignText parent_;
  Netlink route_;
};

}  // namespace arpline
