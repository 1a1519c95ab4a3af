// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "sim/packet.hpp"
#include "sim/property.hpp"

namespace arpline::sim {

/// One queue for what a kernel's macvlan broadcasts to its children, as long as the host's
/// (drivers/net/macvlan.c): what comes while it is full is lost.
class BroadcastQueue {
 public:
  /// A hundredth of what a real one is and does: a seed has milliseconds.
  static constexpr Time kEach = 5 * kMs;
  static constexpr std::uint64_t kRoom = 20;

  /// room_elsewhere: another queue that gets this frame too has room for it. Which of two gets the last place
  /// is chance, and not to be compared.
  bool admit(Time now, bool room_elsewhere = false) {
    const auto busy_until = std::max(busy_until_, now);
    if (busy_until - now >= kRoom * kEach && !room_elsewhere) return false;
    busy_until_ = busy_until + kEach;
    return true;
  }

 private:
  Time busy_until_ = 0;
};

/// What well-behaved peers get while somebody else does his worst: whatever the bare kernel would have answered
/// is answered, and of what its queue would have lost 99 %.
class Service {
 public:
  explicit Service(Findings& findings, const Queue& queue) : findings_(findings), queue_(queue) {}

  /// A marked who-has has come in whose container's kernel answers. bare: it would have reached that kernel
  /// without arpline too.
  void asked(const Packet& question, bool bare);
  /// An answer has left the host.
  void left(const Packet& answer);
  /// Something has become of the container: nobody knows what is right now.
  void forget(Ipv4 address, std::uint16_t vlan);
  void forget();
  void end();

 private:
  // A kernel that was handed the frame answers within microseconds.
  static constexpr Time kPatience = 50 * kMs;
  // So long may it take until arpline has heard the kernel answer once.
  static constexpr Time kWarm = kSecond;
  static constexpr std::uint64_t kEnough = 50;  // for a percentage

  struct Asked {
    Packet question;
    Time at = 0;
    bool bare = false;
    bool counts = false;
  };

  void expire();

  Findings& findings_;
  const Queue& queue_;
  std::deque<Asked> open_;
  std::map<std::pair<std::uint16_t, Ipv4>, Time> since_;  // somebody asks for it
  std::uint64_t above_ = 0;
  std::uint64_t lost_above_ = 0;
};

}  // namespace arpline::sim
