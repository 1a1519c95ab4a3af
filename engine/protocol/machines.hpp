// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/actions.hpp"
#include "protocol/announced_endpoint.hpp"
#include "protocol/announcer.hpp"
#include "protocol/defender.hpp"
#include "protocol/path_prober.hpp"
#include "protocol/sightings.hpp"

namespace arpline {

/// All protocol machines of one parent: what is announced, defended and probed for its endpoints, and when.
/// Pure: time and chance are values, frames and words go to Actions. One thread. Protocol is the one that is
/// served with; the simulator puts others in its place, which listen in or are broken.
class Machines {
 public:
  struct Settings {
    Schedule announce;
    OnConflict on_conflict = OnConflict::alert;
    ProbeMode probe = ProbeMode::off;
    std::uint64_t path_probe_ns = 10'000'000'000;  ///< 0: off
    bool operator==(const Settings&) const = default;
  };

  /// What is known of an endpoint, for status.
  struct View {
    std::uint64_t announced_at = 0;  ///< 0: never
    bool probing = false;            ///< it is not announced before it is known to be free
    bool gave_up = false;
    bool moves_too_often = false;
    bool silent = false;  ///< a claim keeps it from being announced
    std::uint64_t defended_at = 0;
    std::uint64_t defences = 0;
    std::optional<PathProber::View> path;             ///< none: it has no gateway
    std::optional<Sightings::Sighting> seen_outside;  ///< its MAC, as a source on the wire
  };

  struct Counts {
    std::uint64_t announcements = 0;
    std::uint64_t defences = 0;
    std::uint64_t probes = 0;
    std::uint64_t asked = 0;  ///< who-has for gateways
  };

  Machines() = default;
  Machines(const Machines&) = delete;
  Machines& operator=(const Machines&) = delete;
  virtual ~Machines() = default;

  /// From now on.
  virtual void set(const Settings& settings, std::uint64_t now) = 0;

  /// From now on the endpoint is like this. The same as before changes nothing, unless it is `changed`.
  virtual void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now,
                   Actions& actions) = 0;
  /// It is no more.
  virtual void erase(Id id, std::uint64_t now) = 0;
  /// The address that it asks the way to; 0: none. at_parent: it is the parent's own. Not known before put().
  virtual void set_gateway(Id id, Ipv4 gateway, bool at_parent, std::uint64_t now) = 0;
  /// The parent has its carrier back, or has moved: the switch may know nothing.
  virtual void carrier_up(std::uint64_t now) = 0;

  /// The programs have reported a claim of its address.
  virtual void on_claim(Id id, Claim claim, std::uint64_t now, Actions& actions) = 0;
  /// A MAC of ours came in from the wire as a source.
  virtual void on_own_mac(Mac mac, std::uint64_t now) = 0;
  /// Its gateway has answered, from this MAC, at that time.
  virtual void on_answer(Id id, Mac gateway_mac, std::uint64_t at, Actions& actions) = 0;
  virtual void on_host_answer(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at) = 0;

  /// Whether the endpoint still has this MAC and may be announced: for frames that had to wait.
  virtual bool speaks_for(Id id, Mac mac, std::uint64_t now) const = 0;

  /// Does what is due; returns when to call it again, at the latest.
  virtual std::uint64_t tick(std::uint64_t now, Actions& actions) = 0;

  virtual View view(Id id, std::uint64_t now) const = 0;
  /// Who has claimed an endpoint's address with this MAC; `otherwise` where it is no proxy.
  virtual ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, std::uint64_t now) const = 0;
  virtual const Counts& counts() const noexcept = 0;
  /// How many refreshes a second the endpoints need, those that may be announced.
  virtual double refreshes_per_second() const = 0;
  /// What is remembered of others, for the tests of the bounds.
  virtual std::size_t remembered() const noexcept = 0;
};

}  // namespace arpline
