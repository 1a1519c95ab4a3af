// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/filter.hpp"
#include "base/net.hpp"
#include "shared/hash.h"

namespace arpline {

/// The owner of a MAC, as the programs need it in arpl_sender.
struct OwnMac {
  bool host = false;        ///< the parent's, or of another interface of its namespace
  std::uint32_t netns = 0;  ///< arpl_sender.netns
  bool operator==(const OwnMac&) const = default;
};

/// Where own MACs are published: the BPF hash `macs`.
class SenderMap {
 public:
  virtual ~SenderMap() = default;
  /// Writes what is known of the MAC; what it has sent stays counted. False when the kernel refuses: errno.
  virtual bool put_sender(Mac mac, const arpl_sender& known) = 0;
  virtual void erase_sender(Mac mac) = 0;
  virtual std::vector<std::pair<Mac, arpl_sender>> senders() = 0;
};

/// The one writer of `macs` and of the filter in front of it. What a MAC has sent stays counted while it is
/// there.
class OwnMacs {
 public:
  /// Adopts what an earlier run left in `map`. `filter`: ARPL_FILTER_WORDS, `heard`: what egress remembers;
  /// they outlive it.
  OwnMacs(SenderMap& map, std::span<std::uint64_t> filter, std::span<const __u64> heard,
          const arpl_hash_keys& keys);

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

  SenderMap& map_;
  std::span<const __u64> heard_;
  arpl_hash_keys keys_;
  Filter filter_;
  std::map<Mac, OwnMac> held_;
  std::set<Mac> shared_;
};

}  // namespace arpline
