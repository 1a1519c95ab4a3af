// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace arpline::gen {

/// Consecutive IPv4 addresses in host byte order, at least one; they never wrap around.
struct Range {
  std::uint32_t first = 0;
  std::uint32_t count = 1;

  std::uint32_t last() const noexcept { return first + (count - 1); }
  bool overlaps(const Range& other) const noexcept { return first <= other.last() && other.first <= last(); }
  bool operator==(const Range&) const = default;
};

/// "10.0.0.1", "10.0.0.1-10.0.0.9" (both ends belong to it), or a prefix: "10.0.0.0/24", "10.0.0.7/24" are all
/// 256 addresses, network and broadcast address among them. Throws SetupError that names the text; 2^32
/// addresses are too many.
Range parse_range(std::string_view text);

/// What parse_range reads: "10.0.0.1" or "10.0.0.1-10.0.0.9".
std::string format_range(const Range& range);
/// `address` in host byte order.
std::string format_host(std::uint32_t address);

}  // namespace arpline::gen
