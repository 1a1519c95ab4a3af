// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sim/network.hpp"

namespace arpline::sim {

/// The worst frame that somebody can think of: any field may be his own, a container's, a peer's, the
/// gateway's, the host's, or nobody's, and any of them at a time.
class Adversary {
 public:
  explicit Adversary(Network& network) : network_(network) {}

  /// By `mac`, which is his own, about this container more than about the others.
  Packet frame(Mac mac, std::size_t target);

 private:
  Mac any_mac(Mac own, std::size_t target);
  Ipv4 any_address(std::size_t target);
  std::size_t any_container(std::size_t target);
  bool one_in(std::uint64_t n) { return network_.rng()() % n == 0; }

  Network& network_;
};

}  // namespace arpline::sim
