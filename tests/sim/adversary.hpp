// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sim/network.hpp"

namespace arpline::sim {

/// Draws hostile frames: each field takes at random the value of the sender, a container, a peer, the gateway
/// or the host, or one that belongs to nobody.
class Adversary {
 public:
  explicit Adversary(Network& network) : network_(network) {}

  /// A frame from station `mac`; it concerns container `target` more often than the others.
  Packet frame(Mac mac, std::size_t target);

 private:
  Mac any_mac(Mac own, std::size_t target);
  Ipv4 any_address(std::size_t target);
  std::size_t any_container(std::size_t target);
  bool one_in(std::uint64_t n) { return network_.rng()() % n == 0; }

  Network& network_;
};

}  // namespace arpline::sim
