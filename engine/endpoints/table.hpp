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

/// The BPF hash map `endpoints`, from key to slot.
class EndpointMap {
 public:
  virtual ~EndpointMap() = default;
  /// False when the kernel refuses it.
  virtual bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) = 0;
  virtual void erase(const arpl_endpoint_key& key) = 0;
  virtual std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() = 0;
};

/// The only writer of the maps `slots`, `endpoints` and `endpoint_index`. A slot is withdrawn at once (word
/// cleared, generation raised), and free slots are reused in the order in which they became free, so that late
/// readers of an old slot find a stale generation and not another endpoint.
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
    std::vector<Entry> reconfigured;  ///< un-confirmed, because the interface or its ARP settings changed
    std::vector<Entry> also_at;       ///< the set of other interfaces with this address has changed
    std::size_t refused = 0;          ///< endpoints for which the table has no room
  };

  /// Adopts the endpoints that an earlier run left in `map`; the first reconcile() withdraws those that are not
  /// wanted.
  Table(std::span<arpl_slot> slots, std::span<arpl_endpoint_stats> stats, Index index, EndpointMap& map);

  /// Makes the table hold exactly `wanted`. A worker may answer for a withdrawn endpoint until its next burst
  /// boundary.
  Changes reconcile(const std::vector<Desired>& wanted);
  /// Changes these keys only.
  Changes apply(std::span<const TableUpdate> updates);
  /// Changes one key; false when the table has no room for it.
  bool apply(const TableUpdate& update, Changes& changes);
  /// Stops the answers for the key at once, if its endpoint is on the interface `who`, before it is known what
  /// follows. The caller has to apply an update afterwards.
  void silence(const arpl_endpoint_key& key, InterfaceId who);
  /// The number of free slots.
  std::size_t room() const noexcept { return free_.size(); }

  const Entries& entries() const noexcept { return entries_; }
  /// nullptr when the slot is free.
  const Entry* find_slot(std::uint32_t slot) const;

 private:
  void adopt_index();
  void write_attributes(std::uint32_t slot, const Desired& wanted);
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
  // One counter for all slots: an address that comes back in another slot must not match the pairs of its old
  // one.
  std::uint32_t last_generation_ = 0;
};

}  // namespace arpline
