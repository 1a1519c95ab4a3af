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
#include "shared/abi.h"

namespace arpline {

/// The maps' memory that the machines share with the programs; it outlives them.
struct ProtocolTables {
  std::span<const arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;  ///< `awaits` is written
  arpl_limits* limits = nullptr;         ///< `host_awaits` is written
};

/// All protocol machines of one parent: what is announced, defended and probed for its endpoints, and when.
/// Pure: time and chance are values, frames and words go to Actions. What the programs see of an endpoint
/// (claims, unanswered samples) counts from the moment at which they have written it. One thread.
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

  /// From now on.
  void set(const Settings& settings, std::uint64_t now);

  /// From now on the endpoint is like this. The same as before changes nothing, unless it is `changed`.
  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now, Actions& actions);
  /// It is no more.
  void erase(Id id, std::uint64_t now);
  /// The address that it asks the way to; 0: none. at_parent: it is the parent's own. Not known before put().
  void set_gateway(Id id, Ipv4 gateway, bool at_parent, std::uint64_t now);
  /// The parent has its carrier back, or has moved: the switch may know nothing.
  void carrier_up(std::uint64_t now);

  /// The programs have reported a claim of its address.
  void on_claim(Id id, Claim claim, std::uint64_t now, Actions& actions);
  /// A MAC of ours came in from the wire as a source.
  void on_own_mac(Mac mac, std::uint64_t now) { sightings_.on(mac, now); }
  /// Its gateway has answered, from this MAC, at that time.
  void on_answer(Id id, Mac gateway_mac, std::uint64_t at, Actions& actions);
  void on_host_answer(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at);

  /// Whether the endpoint still has this MAC and may be announced: for frames that had to wait.
  bool speaks_for(Id id, Mac mac, std::uint64_t now) const;

  /// Does what is due; returns when to call it again, at the latest.
  std::uint64_t tick(std::uint64_t now, Actions& actions);

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
  View view(Id id, std::uint64_t now) const;
  /// Who has claimed an endpoint's address with this MAC; `otherwise` where it is no proxy.
  ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, std::uint64_t now) const {
    return defender_.claim_origin_of(mac, otherwise, now);
  }

  /// What was sent: the family ARPL_SENT of counters.def.
  struct Counts {
#define ARPL_SENT(name, unit, description) std::uint64_t name = 0;
#include "shared/counters.def"
  };
  const Counts& counts() const noexcept {
    return counts_;
  }
  /// How many refreshes a second the endpoints need, those that may be announced.
  double refreshes_per_second() const;
  /// What is remembered of others, for the tests of the bounds.
  std::size_t remembered() const noexcept {
    return defender_.remembered() + sightings_.size();
  }

 private:
  static constexpr std::uint64_t kLookNs = 250'000'000;  // so late is noticed what the programs don't report

  struct Endpoint {
    AnnouncedEndpoint subject;
    Ipv4 gateway = 0;
    bool gateway_at_parent = false;
    bool known = false;
    bool allowed = false;    // as judged last
    bool contested = false;  // likewise
    bool moving = false;     // likewise: too often
    bool to_defend = false;  // it waits for the pace, against whom, since when
    Mac claimant = 0;        // of any value: anybody may write any MAC into a claim
    std::uint64_t to_defend_at = 0;
    bool troubled = false;      // the defender may have something to say about it
    bool unproven = false;      // to be probed for
    bool changed = false;       // its siblings are to hear of it
    std::uint64_t heard = 0;    // the last claim that was told
    std::uint64_t unheard = 0;  // since when there is one that was not; 0: there is none
    std::uint64_t announced_at = 0;
  };
  using Address = Defender::Address;
  class Out;

  bool may_be_announced(Id id, std::uint64_t now) const;
  void judge(Id id, std::uint64_t now, Actions& actions);
  void note_unheard(Id id, std::uint64_t now);
  void begin(Id id, std::uint64_t now);
  void end(Id id);
  void watch_path(Id id, std::uint64_t now);
  void settle_gateways(const Address& address, bool here, std::uint64_t now);
  void ask_nobody(Id id);
  void leave(Id id, std::uint64_t now);
  void drop_defence(Id id);
  void drop_defences();
  void use(Id id, std::uint64_t now);
  void look(std::uint64_t now, Actions& actions);
  std::uint64_t defend(std::uint64_t now, Actions& actions);
  std::uint64_t probe(std::uint64_t now, Actions& actions);
  Announcer::Sent announce(const Announcer::Due& due, std::uint64_t now, Actions& actions);
  bool send(const Outgoing& frame, Actions& actions);

  Settings settings_;
  ProtocolTables tables_;
  Rng rng_;
  RateLimiter pace_;
  RateLimiter ahead_;  // of defences and probes: half of it, so that what they are for is announced as well
  RateLimiter asking_pace_;
  Announcer announcer_;
  AddressProber address_prober_;
  Defender defender_;
  PathProber path_prober_;
  Sightings sightings_;
  Counts counts_;
  std::vector<Endpoint> endpoints_;  // by id
  FairQueue to_defend_;
  std::map<Address, unsigned> here_;        // addresses of endpoints
  std::map<Address, std::set<Id>> askers_;  // by the gateway that they ask
  std::uint64_t look_at_ = 0;
};

}  // namespace arpline
