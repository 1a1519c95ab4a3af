// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace arpline {

/// Who claims an endpoint's address (RFC 5227 section 2.4).
enum class Party : std::uint8_t {
  elsewhere,  ///< another station on the wire
  host,       ///< the parent itself
  sibling,    ///< another container of this parent: ARP flux, or the same address twice
  proxy,      ///< somebody who answers for everyone: proxy_arp
};

/// The word of its enumerator.
constexpr std::string_view party_name(Party party) noexcept {
  switch (party) {
    case Party::host:
      return "host";
    case Party::sibling:
      return "sibling";
    case Party::proxy:
      return "proxy";
    case Party::elsewhere:
      break;
  }
  return "elsewhere";
}

}  // namespace arpline
