// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>

#include "base/filter.hpp"
#include "base/net.hpp"
#include "kernel/maps.hpp"

namespace arpline {

/// The one writer of `macs` and of the filter in front of it. What a MAC has sent stays counted while it is
/// there.
class OwnMacs {
 public:
  /// Adopts what an earlier run left in the maps, which outlive it.
  explicit OwnMacs(const Maps& maps);

  /// From now on these, and no others. Throws SetupError.
  void set(Mac parent, const std::set<Mac>& others);
  /// False when the kernel refuses.
  bool put(Mac mac, bool is_parent = false);
  void erase(Mac mac);

 private:
  std::uint32_t bit_of(Mac mac) const noexcept;

  const Maps& maps_;
  std::uint64_t factor_;
  Filter filter_;
  std::set<Mac> held_;
};

}  // namespace arpline
