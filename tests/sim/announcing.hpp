// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "protocol/protocol.hpp"
#include "sim/property.hpp"

namespace arpline::sim {

/// When an endpoint must, may and must not be announced or probed for, from outside of the machines. Times are
/// the host's clock.
class Announcing {
 public:
  explicit Announcing(Findings& findings) : findings_(findings) {}

  void set(const Protocol::Settings& settings, Time latency, std::uint64_t now);
  /// changed: it has come, or has another MAC or address.
  void put(Id id, bool changed);
  void erase(Id id) { plans_.erase(id); }
  /// A set must begin: the carrier is back.
  void grant(Id id, std::uint64_t now);
  /// One may begin: its gateway does not answer.
  void permit(Id id);
  /// Whether it may be announced now. `sudden`: the machines may not have noticed a short change.
  void allow(Id id, bool allowed, bool sudden, std::uint64_t now);
  /// The machines have just been told of a claim of it: what does not allow it now, they know.
  void looked(Id id);
  void announces(const Outgoing& frame, std::uint64_t now);
  void probes(Id id, std::uint64_t now);
  void tick(Id id, std::uint64_t now);
  void absent(std::uint64_t now);
  void refuse(bool refuses) { refuses_ = refuses; }

  /// It has been probed for, or need not be.
  bool proven(Id id) const;
  /// Its probes have found nobody.
  bool proved(Id id, std::uint64_t now);

 private:
  // So late is noticed what nobody reports, and the control loop is late itself.
  static constexpr Time kLook = 300 * kMs;

  struct Plan {
    bool allowed = false;
    std::uint64_t due_by = kNever;
    Property due_for = Property::set_begins;
    std::uint32_t left = 0;  // of the set
    bool fresh = false;      // none of it has been sent
    bool second = false;     // a second set is to come
    std::uint64_t second_at = 0;
    std::uint32_t permitted = 0;  // beyond what is due
    std::uint64_t last = 0;
    bool last_refreshed = false;
    bool tells_inside = false;
    bool unproven = false;
    bool unnoticed = false;  // it was not allowed for so short that no set may have begun
    std::uint64_t held_at = 0;
    bool noticed = false;  // the machines know that it is not allowed
    bool lenient = false;  // when it began is not known
    std::uint32_t probes = 0;
    std::uint64_t began = 0;
    std::uint64_t probed_at = 0;
    std::uint64_t proven_at = 0;  // after three probes, and ANNOUNCE_WAIT

    // The machines have noticed that it is not allowed, by now at the latest.
    bool held(std::uint64_t now) const { return !allowed && (noticed || now - held_at > kLook); }
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
