// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "protocol/address_prober.hpp"
#include "protocol/machines.hpp"
#include "shared/abi.h"

namespace arpline {

/// The maps' memory that the machines share with the programs; it outlives them.
struct ProtocolTables {
  std::span<const arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;  ///< `awaits` is written
  arpl_limits* limits = nullptr;         ///< `host_awaits` is written
};

/// The machines over the maps' memory. What the programs see of an endpoint (claims, unanswered checks) counts
/// from the moment at which they have written it.
class Protocol final : public Machines {
 public:
  Protocol(const Settings& settings, ProtocolTables tables, std::uint64_t seed);

  void set(const Settings& settings, std::uint64_t now) override;
  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, std::uint64_t now,
           Actions& actions) override;
  void erase(Id id, std::uint64_t now) override;
  void set_gateway(Id id, Ipv4 gateway, bool at_parent, std::uint64_t now) override;
  void carrier_up(std::uint64_t now) override;
  void on_claim(Id id, Claim claim, std::uint64_t now, Actions& actions) override;
  void on_own_mac(Mac mac, std::uint64_t now) override { sightings_.on(mac, now); }
  void on_answer(Id id, Mac gateway_mac, std::uint64_t at, Actions& actions) override;
  void on_host_answer(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at) override;
  bool speaks_for(Id id, Mac mac, std::uint64_t now) const override;
  std::uint64_t tick(std::uint64_t now, Actions& actions) override;
  View view(Id id, std::uint64_t now) const override;
  ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, std::uint64_t now) const override {
    return defender_.claim_origin_of(mac, otherwise, now);
  }
  const Counts& counts() const noexcept override { return counts_; }
  double refreshes_per_second() const override;
  std::size_t remembered() const noexcept override { return defender_.remembered() + sightings_.size(); }

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
