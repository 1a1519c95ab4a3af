// SPDX-License-Identifier: Apache-2.0
#include "sim/stack.hpp"

#include <utility>

namespace arpline::sim {
namespace {

// The default of proxy_delay, at most 0.8 s.
constexpr Time kProxyDelay = 800 * kMs;

}  // namespace

void Stack::power(bool on) {
  on_ = on;
  if (!on) neighbours_.clear();
}

void Stack::receive(const Packet& packet) {
  if (!on_ || packet.arp.vlan != identity_.vlan) return;
  if (!packet.broadcast() && packet.arp.eth_dst != identity_.mac) return;
  if (packet.kind == Kind::arp) {
    receive_arp(packet);
  } else if (packet.kind != Kind::noise) {
    receive_ip(packet);
  }
}

void Stack::receive_arp(const Packet& packet) {
  const auto& a = packet.arp;
  if (identity_.address == 0) return;
  const bool ours = a.target_ip == identity_.address;
  if (packet.is_request() && a.sender_ip != a.target_ip) {
    // A kernel does not answer a requester with its own address (arp_process(), inet_addr_type()).
    if (ours && a.sender_ip != identity_.address) answer(packet);
    if (!ours && identity_.proxy && a.sender_ip != identity_.address) {
      const auto mac = identity_.mac;
      queue_.after(random_below(rng_, kProxyDelay), [this, packet, mac] {
        if (identity_.proxy && identity_.mac == mac) answer(packet);
      });
    }
  }
  if (a.sender_ip != 0 && a.sender_ip != identity_.address) learn(packet, ours && packet.is_request());
}

void Stack::answer(const Packet& request) {
  const auto& a = request.arp;
  auto reply = is_at(identity_.mac, a.target_ip, a.sender_mac, a.sender_ip, a.vlan);
  reply.arp.target_mac = a.sender_mac;
  out(reply);
}

// A who-has for this address creates an entry. Any ARP frame updates an existing one, but within the lock time
// a frame with another MAC does so only if it is gratuitous.
void Stack::learn(const Packet& packet, bool to_us) {
  const auto& a = packet.arp;
  auto at = neighbours_.find(a.sender_ip);
  const bool changes = at != neighbours_.end() || to_us;
  if (!changes) return;
  if (at == neighbours_.end()) {
    if (neighbours_.size() >= kMost) return;
    at = neighbours_.try_emplace(a.sender_ip).first;
  }
  auto& neighbour = at->second;
  const bool gratuitous = packet.is_announcement();
  const bool override = gratuitous || neighbour.mac == 0 || queue_.now() > neighbour.updated + kLockTime;
  if (!override && neighbour.mac != a.sender_mac) return;
  const bool answered = packet.is_reply() && !packet.broadcast();
  confirm(a.sender_ip, neighbour, a.sender_mac, answered ? State::reachable : State::stale);
}

void Stack::confirm(Ipv4 address, Neighbour& neighbour, Mac mac, State state) {
  const bool same = neighbour.mac == mac;
  // An entry in use does not become stale by a frame that repeats its MAC.
  const bool settled =
      neighbour.state == State::reachable || neighbour.state == State::delay || neighbour.state == State::probe;
  if (!(same && state == State::stale && settled)) {
    neighbour.state = state;
    neighbour.tries = 0;
    neighbour.timer = 0;
    if (state == State::reachable) arm(address, neighbour, kReachable / 2 + random_below(rng_, kReachable));
  }
  if (!same) neighbour.updated = queue_.now();
  neighbour.mac = mac;
  if (std::exchange(neighbour.waits, false)) send_ip(neighbour.waiting);
}

void Stack::arm(Ipv4 address, Neighbour& neighbour, Time delay) {
  const auto timer = neighbour.timer = ++timers_;
  queue_.after(delay, [this, address, timer] { expire(address, timer); });
}

void Stack::expire(Ipv4 address, std::uint64_t timer) {
  const auto at = neighbours_.find(address);
  if (at == neighbours_.end() || at->second.timer != timer) return;
  auto& neighbour = at->second;
  switch (neighbour.state) {
    case State::reachable:
      neighbour.state = State::stale;
      break;
    case State::delay:
      neighbour.state = State::probe;
      neighbour.tries = 0;
      solicit(address, neighbour);
      break;
    case State::probe:
    case State::incomplete:
      if (neighbour.tries < kProbes) {
        solicit(address, neighbour);
      } else {
        neighbour.state = State::failed;
        neighbour.mac = 0;
        neighbour.waits = false;
      }
      break;
    case State::stale:
    case State::failed:
      break;
  }
}

void Stack::solicit(Ipv4 address, Neighbour& neighbour) {
  ++neighbour.tries;
  const auto to = neighbour.state == State::probe ? neighbour.mac : 0;
  arm(address, neighbour, kRetrans);
  out(who_has(identity_.mac, identity_.address, address, to, identity_.vlan));
}

void Stack::receive_ip(const Packet& packet) {
  if (packet.arp.target_ip != identity_.address) return;
  if (packet.kind == Kind::pong) {
    if (pong_) pong_(packet);
    return;
  }
  Packet pong = packet;
  pong.kind = Kind::pong;
  pong.arp.sender_ip = identity_.address;
  pong.arp.target_ip = packet.arp.sender_ip;
  send_ip(pong);
}

void Stack::ping(Ipv4 target, std::uint32_t number) {
  Packet ping{.kind = Kind::ping, .arp = {}, .number = number};
  ping.arp.vlan = identity_.vlan;
  ping.arp.sender_ip = identity_.address;
  ping.arp.target_ip = target;
  send_ip(ping);
}

void Stack::send_ip(Packet packet) {
  if (!on_ || identity_.address == 0) return;
  const auto target = packet.arp.target_ip;
  auto at = neighbours_.find(target);
  if (at == neighbours_.end()) {
    if (neighbours_.size() >= kMost) return;
    at = neighbours_.try_emplace(target, Neighbour{.state = State::failed}).first;
  }
  auto& neighbour = at->second;
  if (neighbour.state == State::failed || neighbour.state == State::incomplete) {
    neighbour.waits = true;
    neighbour.waiting = packet;
    if (neighbour.state == State::failed) {
      neighbour.state = State::incomplete;
      neighbour.tries = 0;
      solicit(target, neighbour);
    }
    return;
  }
  if (neighbour.state == State::stale) {
    neighbour.state = State::delay;
    arm(target, neighbour, kDelay);
  }
  packet.arp.eth_src = identity_.mac;
  packet.arp.eth_dst = neighbour.mac;
  out(packet);
}

Mac Stack::knows(Ipv4 address) const {
  const auto at = neighbours_.find(address);
  return at == neighbours_.end() ? 0 : at->second.mac;
}

void Stack::announce(bool as_reply) {
  if (identity_.address == 0) return;
  const auto request = who_has(identity_.mac, identity_.address, identity_.address, 0, identity_.vlan);
  out(as_reply ? is_at(identity_.mac, identity_.address, ARPL_MAC_BROADCAST, identity_.address, identity_.vlan)
               : request);
}

}  // namespace arpline::sim
