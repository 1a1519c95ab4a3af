// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace arpline {

/// As what an announcement is written: RFC 5227 section 3 has the reasons for the request.
enum class Style { request, reply, both };

/// When and how an endpoint is announced. `repeat`, `delay`, `refresh` and `interval` mean what they mean for
/// keepalived's gratuitous ARP; the defaults are RFC 5227's.
struct Schedule {
  Style style = Style::request;
  std::uint32_t repeat = 2;                   ///< announcements after a change
  std::uint64_t interval_ns = 2'000'000'000;  ///< between them
  std::uint64_t delay_ns = 0;                 ///< after it a second set of them; 0: none
  std::uint64_t refresh_ns = 60'000'000'000;  ///< then one every so often; 0: none
  std::uint64_t pps = 100;                    ///< frames a second, all endpoints together; 0: nothing is sent
  bool operator==(const Schedule&) const = default;
};

/// What becomes of an address that somebody else claims; RFC 5227 section 2.4.
enum class OnConflict {
  alert,   ///< not announced while it is contested
  never,   ///< (a): given up until its interface changes
  once,    ///< (b): defended, unless the last conflict was within DEFEND_INTERVAL: then given up
  always,  ///< (c): defended, at most once per DEFEND_INTERVAL
};

/// The word of its enumerator, as announce.on_conflict is written.
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

/// Whether a new address is probed for before it is announced; RFC 5227 section 2.1.
enum class ProbeMode {
  off,
  rfc5227,
  fast,  ///< a twentieth of the RFC's times
};

}  // namespace arpline
