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
#include "protocol/timing.hpp"
#include "shared/abi.h"

namespace arpline {

/// The map memory that the machines share with the programs; it has to outlive them.
struct ProtocolTables {
  std::span<const arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;  ///< the machines write `awaits`
  arpl_limits* limits = nullptr;         ///< the machines write `host_awaits`
};

/// The machines over the maps' memory. It reads the programs' view of an endpoint (claims, unanswered checks)
/// from the slots at each decision. Not thread-safe.
class Protocol final : public Machines {
 public:
  Protocol(const Settings& settings, ProtocolTables tables, std::uint64_t seed);

  void set(const Settings& settings, Instant now) override;
  void put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now, Actions& actions) override;
  void erase(Id id, Instant now) override;
  void set_gateway(Id id, Ipv4 gateway, bool at_parent, Instant now) override;
  void carrier_up(Instant now) override;
  void on_claim(Id id, Claim claim, Instant now, Actions& actions) override;
  void on_own_mac(Mac mac, Instant now) override { sightings_.on(mac, now); }
  void on_answer(Id id, Mac gateway_mac, Instant at, Actions& actions) override;
  void on_host_answer(Ipv4 gateway, std::uint16_t vlan, Instant at) override;
  bool speaks_for(Id id, Mac mac, Instant now) const override;
  Instant tick(Instant now, Actions& actions) override;
  View view(Id id, Instant now) const override;
  Summary summary() const override;
  ClaimOrigin claim_origin_of(Mac mac, ClaimOrigin otherwise, Instant now) const override {
    return defender_.claim_origin_of(mac, otherwise, now);
  }
  const Counts& counts() const noexcept override { return counts_; }
  double refreshes_per_second() const override;
  std::size_t remembered() const noexcept override { return defender_.remembered() + sightings_.size(); }

 private:
  static constexpr Duration kPollEvery = 250ms;  // period at which the slots are polled

  struct Endpoint {
    AnnouncedEndpoint subject;
    Ipv4 gateway = 0;
    bool gateway_at_parent = false;
    bool known = false;
    bool allowed = false;      // may_be_announced() at the last update
    bool contested = false;    // at the last update
    Defender::State conflict;  // at the last update
    bool to_defend = false;    // a defence waits for the rate limit; against `claimant`, since `to_defend_at`
    Mac claimant = 0;          // any value, since anybody can write any MAC into a claim
    Instant to_defend_at = kNoTime;
    bool restricted = false;              // the defender may restrict it, so ask
    bool to_probe = false;                // it needs probing before it is announced
    bool changed = false;                 // its siblings have to receive the next announcement
    Instant reported_claim_at = kNoTime;  // claimed_at of the last claim that was reported
    Instant unreported_since = kNoTime;   // since when there is a claim that was not reported; kNoTime: none
    Instant announced_at = kNoTime;
  };
  using Address = Defender::Address;
  class Effects;

  bool may_be_announced(Id id, Instant now) const;
  void update(Id id, Instant now, Actions& actions);
  void note_unreported(Id id, Instant now);
  void start(Id id, Instant now);
  void stop(Id id);
  void watch_path(Id id, Instant now);
  void update_gateway_users(const Address& address, bool here, Instant now);
  void clear_gateway(Id id);
  void reset(Id id, Instant now);
  void drop_defence(Id id);
  void drop_defences();
  void start_announcing(Id id, Instant now);
  void poll_slots(Instant now, Actions& actions);
  Instant defend(Instant now, Actions& actions);
  Instant probe(Instant now, Actions& actions);
  Announcer::Sent announce(const Announcer::Due& due, Instant now, Actions& actions);
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
  Instant poll_at_ = kNoTime;
  Summary polled_;  // what poll_slots() has counted
};

}  // namespace arpline
