// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "protocol/actions.hpp"
#include "protocol/address_prober.hpp"
#include "protocol/announced_endpoint.hpp"
#include "protocol/announcer.hpp"
#include "protocol/defender.hpp"
#include "protocol/path_prober.hpp"
#include "protocol/sightings.hpp"
#include "protocol/timing.hpp"
#include "shared/abi.h"

namespace arpline {

/// The map memory that the machines share with the programs; it has to outlive them.
struct ProtocolTables {
  std::span<const arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;  ///< the machines write `awaits`
  arpl_limits* limits = nullptr;         ///< the machines write `host_awaits`
};

/// All protocol machines of one parent: decides when its endpoints are announced, defended and probed. Pure:
/// time and chance are values, frames and reports go to Actions. It reads the programs' view of an endpoint
/// (claims, unanswered checks) from the slots at each decision. Not thread-safe.
class Protocol {
 public:
  struct Settings {
    Schedule announce;
    OnConflict on_conflict = OnConflict::alert;
    ProbeMode probe = ProbeMode::off;
    std::uint64_t path_probe_ns = 10'000'000'000;  ///< 0: off
    bool operator==(const Settings&) const = default;
  };

  Protocol(const Settings& settings, ProtocolTables tables, std::uint64_t seed);
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  ~Protocol() = default;

  /// In force at once.
  void set(const Settings& settings, std::uint64_t now);

  /// Adds or changes an endpoint. An unchanged endpoint with Arrival::found has no effect; with
  /// Arrival::changed it is announced anew.
  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now, Actions& actions);
  /// The endpoint is gone.
  void erase(Id id, std::uint64_t now);
  /// Sets the gateway of an endpoint after put(); 0: none. at_parent: the gateway is the parent itself.
  void set_gateway(Id id, Ipv4 gateway, bool at_parent, std::uint64_t now);
  /// The parent's carrier is back or its switch port may have changed: announces all endpoints, since the
  /// switch may have forgotten their MACs.
  void carrier_up(std::uint64_t now);

  /// A program has reported a claim of the endpoint's address.
  void on_claim(Id id, Claim claim, std::uint64_t now, Actions& actions);
  /// A frame with a MAC of this host as its source came in from the wire.
  void on_own_mac(Mac mac, std::uint64_t now) { sightings_.on(mac, now); }
  /// A program has seen an answer for the endpoint's gateway from this MAC.
  void on_answer(Id id, Mac gateway_mac, std::uint64_t at, Actions& actions);
  void on_host_answer(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at);

  /// For frames that had to wait: whether the endpoint still has this MAC and may be announced.
  bool speaks_for(Id id, Mac mac, std::uint64_t now) const;

  /// Does all due work; returns the latest time at which to call it again.
  std::uint64_t tick(std::uint64_t now, Actions& actions);

  /// An endpoint's state, for status.
  struct View {
    std::uint64_t announced_at = 0;  ///< 0: never
    bool probing = false;            ///< it will be announced after its probes
    bool gave_up = false;
    bool moves_too_often = false;
    bool silent = false;  ///< a claim keeps it from being announced
    std::uint64_t defended_at = 0;
    std::uint64_t defences = 0;
    std::optional<PathProber::View> path;             ///< nullopt: it has no gateway
    std::optional<Sightings::Sighting> seen_outside;  ///< its MAC as a source on the wire
  };
  View view(Id id, std::uint64_t now) const;
  /// ClaimOrigin::proxy when the MAC is known to be a proxy's, else `otherwise`.
  ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, std::uint64_t now) const {
    return defender_.claim_origin_of(mac, otherwise, now);
  }

  struct Counts {
    std::uint64_t announcements = 0;
    std::uint64_t defences = 0;
    std::uint64_t probes = 0;
    std::uint64_t asked = 0;  ///< who-has for gateways
  };
  const Counts& counts() const noexcept { return counts_; }
  /// Frames a second that the refreshes of all announced endpoints need.
  double refreshes_per_second() const;
  /// The number of remembered entries, for the tests of the bounds.
  std::size_t remembered() const noexcept { return defender_.remembered() + sightings_.size(); }

 private:
  static constexpr std::uint64_t kPollNs = 250'000'000;  // period at which the slots are polled

  struct Endpoint {
    AnnouncedEndpoint subject;
    Ipv4 gateway = 0;
    bool gateway_at_parent = false;
    bool known = false;
    bool allowed = false;    // may_be_announced() at the last update
    bool contested = false;  // at the last update
    bool moving = false;     // moves too often, at the last update
    bool to_defend = false;  // a defence waits for the rate limit; against `claimant`, since `to_defend_at`
    Mac claimant = 0;        // any value, since anybody can write any MAC into a claim
    std::uint64_t to_defend_at = 0;
    bool restricted = false;              // the defender may restrict it, so ask
    bool to_probe = false;                // it needs probing before it is announced
    bool changed = false;                 // its siblings have to receive the next announcement
    std::uint64_t reported_claim_at = 0;  // claimed_at of the last claim that was reported
    std::uint64_t unreported_since = 0;   // since when there is a claim that was not reported; 0: none
    std::uint64_t announced_at = 0;
  };
  using Address = Defender::Address;
  class Effects;

  bool may_be_announced(Id id, std::uint64_t now) const;
  void update(Id id, std::uint64_t now, Actions& actions);
  void note_unreported(Id id, std::uint64_t now);
  void start(Id id, std::uint64_t now);
  void stop(Id id);
  void watch_path(Id id, std::uint64_t now);
  void update_gateway_users(const Address& address, bool here, std::uint64_t now);
  void clear_gateway(Id id);
  void reset(Id id, std::uint64_t now);
  void drop_defence(Id id);
  void drop_defences();
  void start_announcing(Id id, std::uint64_t now);
  void poll_slots(std::uint64_t now, Actions& actions);
  std::uint64_t defend(std::uint64_t now, Actions& actions);
  std::uint64_t probe(std::uint64_t now, Actions& actions);
  Announcer::Sent announce(const Announcer::Due& due, std::uint64_t now, Actions& actions);
  bool send(const Outgoing& frame, Actions& actions);

  Settings settings_;
  ProtocolTables tables_;
  Rng rng_;
  RateLimiter limiter_;
  // For defences and probes: half of the rate, so that they leave some for announcements.
  RateLimiter urgent_limiter_;
  RateLimiter path_limiter_;
  Announcer announcer_;
  AddressProber address_prober_;
  Defender defender_;
  PathProber path_prober_;
  Sightings sightings_;
  Counts counts_;
  std::vector<Endpoint> endpoints_;  // by id
  FairQueue to_defend_;
  std::map<Address, unsigned> addresses_;          // number of endpoints with each address
  std::map<Address, std::set<Id>> gateway_users_;  // endpoints by their gateway
  std::uint64_t poll_at_ = 0;
};

}  // namespace arpline
