// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "protocol/protocol.hpp"
#include "sim/property.hpp"

namespace arpline::sim {

/// A model of when an endpoint must, may and must not be announced or probed for. It is independent of the
/// machines and sees only their inputs and outputs. Times are the host's clock.
class Announcing {
 public:
  explicit Announcing(Findings& findings) : findings_(findings) {}

  void set(const Protocol::Settings& settings, Time latency, Instant now);
  /// changed: the endpoint is new or has another MAC or address.
  void put(Id id, bool changed);
  void erase(Id id) { plans_.erase(id); }
  /// The carrier is back: a set must begin.
  void grant(Id id, Instant now);
  /// The endpoint's gateway does not answer: an extra set may begin.
  void permit(Id id);
  /// Sets whether announcements are allowed now. `sudden`: the change is one that the machines may have missed
  /// if it was short.
  void allow(Id id, bool allowed, bool sudden, Instant now);
  /// The machines have just processed a claim of the endpoint, so they know if announcements are not allowed.
  void looked(Id id);
  /// The machines know only now that a conflict is over, and wait from now on before they probe.
  void over(Id id, Instant now);
  void announces(const Outgoing& frame, Instant now);
  void probes(Id id, Instant now);
  void tick(Id id, Instant now);
  void absent(Instant now);
  void refuse(bool refuses) { refuses_ = refuses; }

  /// The address has been probed for, or needs no probe.
  bool proven(Id id) const;
  /// The probes have ended without a conflict.
  bool proved(Id id, Instant now);

 private:
  // The machines poll for changes that nobody reports, and the control loop itself may be late.
  static constexpr Time kNoticeDelay = 300 * kMs;

  struct Plan {
    bool allowed = false;
    Instant due_by = kNever;
    Property due_for = Property::set_begins;
    std::uint32_t left = 0;  // announcements that the set still needs
    bool fresh = false;      // no announcement of the set has been sent
    bool second = false;     // a second set will follow
    Instant second_at = kNoTime;
    std::uint32_t permitted = 0;  // extra announcements that are allowed beyond those due
    Instant last = kNoTime;
    bool last_refreshed = false;
    bool tells_inside = false;
    bool unproven = false;
    bool unnoticed = false;  // announcements were disallowed so briefly that the machines may not begin a set
    Instant held_at = kNoTime;
    bool noticed = false;  // the machines know that announcements are not allowed
    bool lenient = false;  // the time at which probes began is unknown
    std::uint32_t probes = 0;
    Instant began = kNoTime;
    Instant probed_at = kNoTime;
    Instant proven_at = kNoTime;  // ANNOUNCE_WAIT after the third probe

    // The machines must have noticed by now that announcements are not allowed.
    bool held(Instant now) const { return !allowed && (noticed || now - held_at > kNoticeDelay); }
  };

  void begin_set(Plan& plan, Instant now);
  void count(Plan& plan, Instant now);
  template <class Text>
  void check_gap(Property property, Plan& plan, bool holds, Text text);
  void note_proven(Plan& plan, Instant now) const;
  void wait_for_probes(Plan& plan) const;
  void due_next(Plan& plan, Instant now) const;
  Duration::rep divisor() const { return settings_.probe == ProbeMode::fast ? kFastDivisor : 1; }

  static constexpr Duration::rep kFastDivisor = 20;

  Findings& findings_;
  Protocol::Settings settings_;
  Time latency_{};
  bool refuses_ = false;
  std::map<Id, Plan> plans_;
};

}  // namespace arpline::sim
