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

/// Parses "10.0.0.1", "10.0.0.1-10.0.0.9" (both ends included) or a prefix: "10.0.0.0/24" and "10.0.0.7/24"
/// both mean 256 addresses, including network and broadcast address. Throws SetupError that names the text,
/// also for 2^32 addresses.
Range parse_range(std::string_view text);

/// The inverse of parse_range(): "10.0.0.1" or "10.0.0.1-10.0.0.9".
std::string format_range(const Range& range);
/// `address` in host byte order.
std::string format_host(std::uint32_t address);

}  // namespace arpline::gen
