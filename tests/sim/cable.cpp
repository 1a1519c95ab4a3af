// SPDX-License-Identifier: Apache-2.0
#include "sim/cable.hpp"

#include <algorithm>

namespace arpline::sim {

void Cable::send(std::size_t from, const Packet& packet) {
  if (cut_ || chance(quality_.lost)) return;
  carry(1 - from, packet);
  if (chance(quality_.doubled)) carry(1 - from, packet);
}

void Cable::carry(std::size_t to, const Packet& packet) {
  auto arrival =
      queue_.now() + quality_.delay + (quality_.jitter != 0s ? random_below(rng_, quality_.jitter) : Time{});
  if (!quality_.reorders) arrival = std::max(arrival, last_arrival_.at(to));
  last_arrival_.at(to) = std::max(arrival, last_arrival_.at(to));
  queue_.after(arrival - queue_.now(), [this, to, packet] {
    if (!cut_ && receivers_.at(to)) receivers_.at(to)(packet);
  });
}

}  // namespace arpline::sim
