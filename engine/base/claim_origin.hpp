// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace arpline {

/// The kind of station that claims an endpoint's address (RFC 5227 section 2.4).
enum class ClaimOrigin : std::uint8_t {
  elsewhere,  ///< another station on the wire
  host,       ///< the parent itself
  sibling,    ///< another container of this parent: ARP flux, or a duplicate address
  proxy,      ///< a station that answers for any address: proxy ARP
};

/// The enumerator's name, as it stands in status and in the log.
constexpr std::string_view claim_origin_name(ClaimOrigin origin) noexcept {
  switch (origin) {
    case ClaimOrigin::host:
      return "host";
    case ClaimOrigin::sibling:
      return "sibling";
    case ClaimOrigin::proxy:
      return "proxy";
    case ClaimOrigin::elsewhere:
      break;
  }
  return "elsewhere";
}

}  // namespace arpline
