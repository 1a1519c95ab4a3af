// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"

namespace arpline {

/// The instant this long after the clock's zero.
constexpr Instant at(Duration since_zero) {
  return Instant{since_zero};
}

}  // namespace arpline
