// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "sim/packet.hpp"
#include "sim/property.hpp"

namespace arpline::sim {

/// The queue of macvlan's broadcasts to its children (drivers/net/macvlan.c). Frames that come while it is full
/// are lost.
class BroadcastQueue {
 public:
  /// A hundredth of a real queue's length and rate, to fit a run of milliseconds.
  static constexpr Time kEach = 5 * kMs;
  static constexpr std::uint64_t kRoom = 20;

  /// room_elsewhere: another queue has room for this frame. Chance decides which of two queues accepts the last
  /// frame, so the two then count as equal.
  bool admit(Time now, bool room_elsewhere = false) {
    const auto busy_until = std::max(busy_until_, now);
    if (busy_until - now >= kRoom * kEach && !room_elsewhere) return false;
    busy_until_ = busy_until + kEach;
    return true;
  }

 private:
  Time busy_until_{};
};

/// Checks the service for well-behaved peers during an attack: every who-has that the bare kernel would have
/// answered is answered, and 99 % of those that its queue would have lost.
class Service {
 public:
  explicit Service(Findings& findings, const Queue& queue) : findings_(findings), queue_(queue) {}

  /// To be called for a marked who-has for a container whose kernel is able to answer. bare: without arpline it
  /// would have reached that kernel too.
  void asked(const Packet& question, bool bare);
  /// To be called for each reply that leaves the host.
  void left(const Packet& answer);
  /// Forgets the who-has for a container that has changed, since the correct answer is not known for a while.
  void forget(Ipv4 address, std::uint16_t vlan);
  void forget();
  void end();

 private:
  // A kernel answers a frame within microseconds.
  static constexpr Time kPatience = 50 * kMs;
  // The time in which arpline must have heard the kernel answer once.
  static constexpr Time kWarm = kSecond;
  static constexpr std::uint64_t kEnough = 50;  // the fewest who-has for a percentage

  struct Asked {
    Packet question;
    Time at{};
    bool bare = false;
    bool counts = false;
  };

  void expire();

  Findings& findings_;
  const Queue& queue_;
  std::deque<Asked> open_;
  std::map<std::pair<std::uint16_t, Ipv4>, Time> since_;  // the first who-has for the address
  std::uint64_t above_ = 0;
  std::uint64_t lost_above_ = 0;
};

}  // namespace arpline::sim
