// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "protocol/announced_endpoint.hpp"
#include "sim/packet.hpp"
#include "sim/queue.hpp"

namespace arpline::sim {

/// A model of the ARP and neighbour code of Linux (net/ipv4/arp.c, net/core/neighbour.c), as far as the
/// simulator needs it: one interface with one address. Times are the kernel's defaults.
class Stack {
 public:
  static constexpr Time kReachable = 30 * kSecond;
  static constexpr Time kDelay = 5 * kSecond;  ///< delay_first_probe_time
  static constexpr Time kRetrans = kSecond;    ///< retrans_time
  static constexpr std::uint32_t kProbes = 3;  ///< ucast_solicit, mcast_solicit
  static constexpr Time kLockTime = kSecond;   ///< locktime: the first of two answers wins
  static constexpr std::size_t kMost = 1024;   ///< gc_thresh3

  struct Identity {
    Mac mac = 0;
    Ipv4 address = 0;  ///< 0: none
    std::uint16_t vlan = 0;
    bool proxy = false;  ///< answers for any address
  };
  using Send = std::function<void(const Packet&)>;
  using Pong = std::function<void(const Packet&)>;

  Stack(Queue& queue, Rng& rng, const Identity& identity, Send send)
      : queue_(queue), rng_(rng), identity_(identity), send_(std::move(send)) {}
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  const Identity& identity() const noexcept { return identity_; }
  /// Sets another MAC or address, or none; the neighbour table stays.
  void become(const Identity& identity) { identity_ = identity; }
  /// Without power the stack neither receives nor sends.
  void power(bool on);
  bool powered() const noexcept { return on_; }
  void on_pong(Pong pong) { pong_ = std::move(pong); }

  void receive(const Packet& packet);
  void ping(Ipv4 target, std::uint32_t number);
  /// The MAC to which it would send without a who-has; 0: none.
  Mac knows(Ipv4 address) const;
  void announce(bool as_reply);

 private:
  enum class State : std::uint8_t { incomplete, reachable, stale, delay, probe, failed };
  struct Neighbour {
    State state = State::incomplete;
    Mac mac = 0;
    Time updated{};
    std::uint32_t tries = 0;
    std::uint64_t timer = 0;  // number of the timer that is armed; earlier ones are ignored
    bool waits = false;
    Packet waiting;  // to be sent once the address is resolved
  };

  void receive_arp(const Packet& packet);
  void receive_ip(const Packet& packet);
  void answer(const Packet& request);
  void learn(const Packet& packet, bool to_us);
  void confirm(Ipv4 address, Neighbour& neighbour, Mac mac, State state);
  void send_ip(Packet packet);
  void out(const Packet& packet) {
    if (on_) send_(packet);
  }
  void arm(Ipv4 address, Neighbour& neighbour, Time delay);
  void expire(Ipv4 address, std::uint64_t timer);
  void solicit(Ipv4 address, Neighbour& neighbour);

  Queue& queue_;
  Rng& rng_;
  Identity identity_;
  Send send_;
  Pong pong_;
  bool on_ = true;
  std::uint64_t timers_ = 0;
  std::map<Ipv4, Neighbour> neighbours_;
};

}  // namespace arpline::sim
