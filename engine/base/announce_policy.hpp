// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <string_view>
#include "base/clock.hpp"

namespace arpline {

/// The ARP operation of an announcement; RFC 5227 section 3 says why a request is the better choice.
enum class Style { request, reply, both };

/// When and how an endpoint is announced. `repeat`, `delay`, `refresh` and `interval` mean what they mean for
/// keepalived's gratuitous ARP; the defaults are RFC 5227's.
struct Schedule {
  Style style = Style::request;
  std::uint32_t repeat = 2;  ///< announcements in a set, which is sent after a change
  Duration interval = 2s;    ///< between two announcements of a set
  Duration delay{};          ///< from the first set to a second one; 0: no second set
  Duration refresh = 60s;    ///< period of the refreshes that follow; 0: none
  std::uint64_t pps = 100;   ///< limit in frames a second, all endpoints together; 0: nothing is sent
  bool operator==(const Schedule&) const = default;
};

/// The reaction to a claim of an endpoint's address; RFC 5227 section 2.4, whose letters are in brackets.
enum class OnConflict {
  alert,   ///< the address is not announced while it is contested
  never,   ///< (a): give up the address until its interface changes
  once,    ///< (b): defend it; give up after a second conflict within DEFEND_INTERVAL
  always,  ///< (c): defend it, at most once per DEFEND_INTERVAL
};

/// The value of announce.on_conflict.
constexpr std::string_view on_conflict_name(OnConflict policy) noexcept {
  switch (policy) {
    case OnConflict::never:
      return "never";
    case OnConflict::once:
      return "once";
    case OnConflict::always:
      return "always";
    case OnConflict::alert:
      break;
  }
  return "alert";
}

/// How arpline probes for a new address before it announces it; RFC 5227 section 2.1.
enum class ProbeMode {
  off,
  rfc5227,
  fast,  ///< the RFC's times divided by 20
};

}  // namespace arpline
