// SPDX-License-Identifier: Apache-2.0
#include "endpoints/index.hpp"

#include <algorithm>
#include <atomic>

#include "shared/hash.h"

namespace arpline {
namespace {

// One aligned word: the programs see all of it or nothing. The last cell's mark stays.
void publish(__u64& cell, __u64 value) {
  std::atomic_ref<__u64>(cell).store(value | (cell & ARPL_CELL_OVERFLOW), std::memory_order_seq_cst);
}

bool holds(__u64 cell, __u64 wanted) {
  return (cell & ARPL_CELL_KEY_MASK) == wanted;
}

}  // namespace

arpl_index_set& Index::set_of(const arpl_endpoint_key& key) const {
  return sets_[arpl_index_set_of(factor_, arpl_index_cell(key.address, key.vlan))];
}

void Index::put(const arpl_endpoint_key& key, std::uint32_t slot) {
  const auto wanted = arpl_index_cell(key.address, key.vlan);
  filter_.add(arpl_endpoint_bit(factor_, key.address, key.vlan));
  auto& set = set_of(key);
  const std::span<__u64> cells{set.cells};
  auto at = std::ranges::find_if(cells, [&](__u64 cell) { return holds(cell, wanted); });
  if (at == cells.end())
    at = std::ranges::find_if(cells, [](__u64 cell) { return (cell & ARPL_CELL_USED) == 0; });
  if (at == cells.end()) {
    auto& last = set.cells[ARPL_INDEX_CELLS - 1];
    std::atomic_ref<__u64>(last).fetch_or(ARPL_CELL_OVERFLOW);
    return;
  }
  publish(*at, wanted | static_cast<__u64>(slot) << ARPL_CELL_SLOT_SHIFT);
}

void Index::erase(const arpl_endpoint_key& key) {
  const auto wanted = arpl_index_cell(key.address, key.vlan);
  for (auto& cell : set_of(key).cells)
    if (holds(cell, wanted)) publish(cell, 0);
  filter_.remove(arpl_endpoint_bit(factor_, key.address, key.vlan));
}

void Index::keep(const std::function<bool(const arpl_endpoint_key& key, std::uint32_t slot)>& wanted) {
  for (auto& set : sets_) {
    for (auto& cell : set.cells) {
      if ((cell & ARPL_CELL_USED) == 0) continue;
      const arpl_endpoint_key key{
          .address = static_cast<__be32>(cell), .vlan = static_cast<__u16>(cell >> 32U & 0x0fffU), .zero = 0};
      if (!wanted(key, arpl_cell_slot(cell))) publish(cell, 0);
    }
  }
}

}  // namespace arpline
