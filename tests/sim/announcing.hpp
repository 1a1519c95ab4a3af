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

  void set(const Protocol::Settings& settings, Time latency, std::uint64_t now);
  /// changed: the endpoint is new or has another MAC or address.
  void put(Id id, bool changed);
  void erase(Id id) { plans_.erase(id); }
  /// The carrier is back: a set must begin.
  void grant(Id id, std::uint64_t now);
  /// The endpoint's gateway does not answer: an extra set may begin.
  void permit(Id id);
  /// Sets whether announcements are allowed now. `sudden`: the change is one that the machines may have missed
  /// if it was short.
  void allow(Id id, bool allowed, bool sudden, std::uint64_t now);
  /// The machines have just processed a claim of the endpoint, so they know if announcements are not allowed.
  void looked(Id id);
  void announces(const Outgoing& frame, std::uint64_t now);
  void probes(Id id, std::uint64_t now);
  void tick(Id id, std::uint64_t now);
  void absent(std::uint64_t now);
  void refuse(bool refuses) { refuses_ = refuses; }

  /// The address has been probed for, or needs no probe.
  bool proven(Id id) const;
  /// The probes have ended without a conflict.
  bool proved(Id id, std::uint64_t now);

 private:
  // The machines poll for changes that nobody reports, and the control loop itself may be late.
  static constexpr Time kNoticeDelay = 300 * kMs;

  struct Plan {
    bool allowed = false;
    std::uint64_t due_by = kNever;
    Property due_for = Property::set_begins;
    std::uint32_t left = 0;  // announcements that the set still needs
    bool fresh = false;      // no announcement of the set has been sent
    bool second = false;     // a second set will follow
    std::uint64_t second_at = 0;
    std::uint32_t permitted = 0;  // extra announcements that are allowed beyond those due
    std::uint64_t last = 0;
    bool last_refreshed = false;
    bool tells_inside = false;
    bool unproven = false;
    bool unnoticed = false;  // announcements were disallowed so briefly that the machines may not begin a set
    std::uint64_t held_at = 0;
    bool noticed = false;  // the machines know that announcements are not allowed
    bool lenient = false;  // the time at which probes began is unknown
    std::uint32_t probes = 0;
    std::uint64_t began = 0;
    std::uint64_t probed_at = 0;
    std::uint64_t proven_at = 0;  // ANNOUNCE_WAIT after the third probe

    // The machines must have noticed by now that announcements are not allowed.
    bool held(std::uint64_t now) const { return !allowed && (noticed || now - held_at > kNoticeDelay); }
  };

  void begin_set(Plan& plan, std::uint64_t now);
  void count(Plan& plan, std::uint64_t now);
  template <class Text>
  void check_gap(Property property, Plan& plan, bool holds, Text text);
  void note_proven(Plan& plan, std::uint64_t now) const;
  void wait_for_probes(Plan& plan) const;
  void due_next(Plan& plan, std::uint64_t now) const;
  std::uint64_t divisor() const { return settings_.probe == ProbeMode::fast ? kFastDivisor : 1; }

  static constexpr std::uint64_t kFastDivisor = 20;

  Findings& findings_;
  Protocol::Settings settings_;
  Time latency_ = 0;
  bool refuses_ = false;
  std::map<Id, Plan> plans_;
};

}  // namespace arpline::sim
