// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "protocol/announced_endpoint.hpp"

namespace arpline {

/// The next point of time after `now` at which `id` has its turn in a period: always the same point of the
/// period, and those of the first n ids lie evenly in it, whatever n is (van der Corput's sequence to the base
/// 2).
inline std::uint64_t next_turn(Id id, std::uint64_t period_ns, std::uint64_t now) {
  std::uint64_t turn = 0;
  for (unsigned bit = 0; bit < 16; ++bit) turn = turn << 1 | ((id >> bit) & 1);
  const auto phase = (period_ns >> 16) * turn + ((period_ns & 0xffff) * turn >> 16);
  const auto at = now - now % period_ns + phase;
  return at > now ? at : at + period_ns;
}

}  // namespace arpline
