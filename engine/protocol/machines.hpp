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

/// All protocol machines of one parent: decides when its endpoints are announced, defended and probed. Pure:
/// time and chance are values, frames and reports go to Actions. Not thread-safe. The daemon runs Protocol; the
/// simulator wraps it to record its calls, or replaces it by broken ones.
class Machines {
 public:
  struct Settings {
    Schedule announce;
    OnConflict on_conflict = OnConflict::alert;
    ProbeMode probe = ProbeMode::off;
    Duration path_probe = 10s;  ///< 0: off
    bool operator==(const Settings&) const = default;
  };

  /// An endpoint's state, for status.
  struct View {
    Instant announced_at = kNoTime;  ///< kNoTime: never
    bool probing = false;            ///< it will be announced after its probes
    bool gave_up = false;
    bool moves_too_often = false;
    bool silent = false;  ///< a claim keeps it from being announced
    Instant defended_at = kNoTime;
    std::uint64_t defences = 0;
    std::optional<PathProber::View> path;             ///< nullopt: it has no gateway
    std::optional<Sightings::Sighting> seen_outside;  ///< its MAC as a source on the wire
  };

  /// All endpoints together, for metrics: kept up to date, so that asking costs nothing.
  struct Summary {
    PathProber::Summary paths;
    std::size_t contested = 0;  ///< as of the last poll of the slots, as the next three
    std::size_t gave_up = 0;
    std::size_t moves_too_often = 0;
    std::size_t silent = 0;
    Instant announcement_due_at = kNever;  ///< when the next announcement is, or was, due
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

  /// In force at once.
  virtual void set(const Settings& settings, Instant now) = 0;

  /// Adds or changes an endpoint. An unchanged endpoint with Arrival::found has no effect; with
  /// Arrival::changed it is announced anew.
  virtual void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now, Actions& actions) = 0;
  /// The endpoint is gone.
  virtual void erase(Id id, Instant now) = 0;
  /// Sets the gateway of an endpoint after put(); 0: none. at_parent: the gateway is the parent itself.
  virtual void set_gateway(Id id, Ipv4 gateway, bool at_parent, Instant now) = 0;
  /// The parent's carrier is back or its switch port may have changed: announces all endpoints, since the
  /// switch may have forgotten their MACs.
  virtual void carrier_up(Instant now) = 0;

  /// A program has reported a claim of the endpoint's address.
  virtual void on_claim(Id id, Claim claim, Instant now, Actions& actions) = 0;
  /// A frame with a MAC of this host as its source came in from the wire.
  virtual void on_own_mac(Mac mac, Instant now) = 0;
  /// A program has seen an answer for the endpoint's gateway from this MAC.
  virtual void on_answer(Id id, Mac gateway_mac, Instant at, Actions& actions) = 0;
  virtual void on_host_answer(Ipv4 gateway, std::uint16_t vlan, Instant at) = 0;

  /// For frames that had to wait: whether the endpoint still has this MAC and may be announced.
  virtual bool speaks_for(Id id, Mac mac, Instant now) const = 0;

  /// Does all due work; returns the latest time at which to call it again.
  virtual Instant tick(Instant now, Actions& actions) = 0;

  virtual View view(Id id, Instant now) const = 0;
  virtual Summary summary() const = 0;
  /// ClaimOrigin::proxy when the MAC is known to be a proxy's, else `otherwise`.
  virtual ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, Instant now) const = 0;
  virtual const Counts& counts() const noexcept = 0;
  /// Refreshes per second that the endpoints which may be announced need together.
  virtual double refreshes_per_second() const = 0;
  /// Entries kept about other stations, for the tests of the bounds.
  virtual std::size_t remembered() const noexcept = 0;
};

}  // namespace arpline
