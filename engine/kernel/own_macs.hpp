// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "base/filter.hpp"
#include "base/net.hpp"
#include "kernel/maps.hpp"

namespace arpline {

/// Whose a MAC is, as far as the programs want to know: arpl_sender.
struct OwnMac {
  bool host = false;        ///< the parent's, or of another interface of its namespace
  std::uint32_t netns = 0;  ///< arpl_sender.netns
  bool operator==(const OwnMac&) const = default;
};

/// The one writer of `macs` and of the filter in front of it. What a MAC has sent stays counted while it is
/// there.
class OwnMacs {
 public:
  /// Adopts what an earlier run left in the maps, which outlive it.
  explicit OwnMacs(const Maps& maps);

  /// From now on these, and no others. Throws SetupError.
  void set(const std::map<Mac, OwnMac>& macs);
  /// False when the kernel refuses.
  bool put(Mac mac, const OwnMac& whose);
  void erase(Mac mac);

  /// A station on the wire has it as well: what comes in with it is that station's.
  void share(Mac mac);
  const std::set<Mac>& shared() const noexcept { return shared_; }

 private:
  std::uint32_t bit_of(Mac mac) const noexcept;
  bool write(Mac mac, const OwnMac& whose);

  const Maps& maps_;
  arpl_hash_keys keys_;
  Filter filter_;
  std::map<Mac, OwnMac> held_;
  std::set<Mac> shared_;
};

}  // namespace arpline
