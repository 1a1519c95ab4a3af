// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "endpoints/address_candidates.hpp"
#include "endpoints/index.hpp"
#include "shared/abi.h"

namespace arpline {

/// Where endpoints are published by key: the BPF hash `endpoints`.
class EndpointMap {
 public:
  virtual ~EndpointMap() = default;
  /// False when the kernel refuses.
  virtual bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) = 0;
  virtual void erase(const arpl_endpoint_key& key) = 0;
  virtual std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() = 0;
};

/// The one writer of the endpoint table: keeps `slots`, `endpoints` and `endpoint_index` as the configuration
/// asks. A slot is withdrawn at once (word cleared, generation bumped) and used again last of all.
class Table {
 public:
  struct Entry {
    std::uint32_t slot = 0;
    Desired desired;
  };
  using Entries = std::map<arpl_endpoint_key, Entry, KeyLess>;

  struct Changes {
    std::vector<Entry> added;         ///< new, or with another MAC or other flags
    std::vector<Entry> withdrawn;     ///< no longer answered for
    std::vector<Entry> reconfigured;  ///< un-confirmed: another interface, or other ARP settings
    std::vector<Entry> also_at;       ///< others have given themselves its address, or no longer do
    std::size_t refused = 0;          ///< found no room in the table
  };

  /// Adopts what an earlier run left in `map`; what nobody asks for is withdrawn by the first reconcile().
  Table(std::span<arpl_slot> slots, std::span<arpl_endpoint_stats> stats, Index index, EndpointMap& map);

  /// Makes the table what `wanted` says. Answers for a withdrawn endpoint end with the worker's next burst
  /// boundary.
  Changes reconcile(const std::vector<Desired>& wanted);
  /// The same for these keys only.
  Changes apply(std::span<const TableUpdate> updates);
  /// The same for one; false when there is no room for it.
  bool apply(const TableUpdate& update, Changes& changes);
  /// At once, and before it is known what comes after: nobody answers for what `who` had under this key. A
  /// update has to follow.
  void silence(const arpl_endpoint_key& key, Who who);
  /// So many endpoints it has room for beside those that are there.
  std::size_t room() const noexcept { return free_.size(); }

  const Entries& entries() const noexcept { return entries_; }
  /// The entry that has this slot; nullptr when none has.
  const Entry* find_slot(std::uint32_t slot) const;

 private:
  void adopt_index();
  void write_flags(std::uint32_t slot, const Desired& wanted);
  void bump_generation(std::uint32_t slot);
  void withdraw_slot(std::uint32_t slot);
  void write_slot(std::uint32_t slot, const Desired& wanted);
  Entries::iterator remove(Entries::iterator entry, Changes& changes);
  bool put(const Desired& wanted, Changes& changes);
  bool add(const Desired& wanted, Changes& changes);
  void update(Entry& entry, const Desired& wanted, Changes& changes);

  std::span<arpl_slot> slots_;
  std::span<arpl_endpoint_stats> stats_;
  Index index_;
  EndpointMap& map_;
  Entries entries_;
  std::unordered_map<std::uint32_t, arpl_endpoint_key> key_of_slot_;
  std::deque<std::uint32_t> free_;
  // One for the whole table: an address that comes back in another slot must not meet the pairs it had.
  std::uint32_t last_generation_ = 0;
};

}  // namespace arpline
