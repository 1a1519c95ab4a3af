// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "protocol/announced_endpoint.hpp"
#include "sim/packet.hpp"
#include "sim/queue.hpp"

namespace arpline::sim {

/// The quality of a cable; probabilities are in thousandths.
struct Quality {
  Time delay = 100us;
  Time jitter{};
  std::uint32_t lost = 0;
  std::uint32_t doubled = 0;
  bool reorders = false;  ///< jitter may let a frame overtake another one
};

/// Connects a station (end 0) to its port of the switch (end 1).
class Cable {
 public:
  using Receive = std::function<void(const Packet&)>;

  Cable(Queue& queue, Rng& rng, const Quality& quality) : queue_(queue), rng_(rng), quality_(quality) {}
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  void attach(std::size_t end, Receive receive) { receivers_.at(end) = std::move(receive); }
  /// Sends from this end to the other one.
  void send(std::size_t from, const Packet& packet);

  void set_lost(std::uint32_t lost) noexcept { quality_.lost = lost; }
  /// A break between the ends: both keep their carrier, and frames under way are lost.
  void cut(bool is_cut) noexcept { cut_ = is_cut; }
  bool is_cut() const noexcept { return cut_; }

 private:
  void carry(std::size_t to, const Packet& packet);
  bool chance(std::uint32_t thousandths) { return thousandths != 0 && rng_() % 1000 < thousandths; }

  Queue& queue_;
  Rng& rng_;
  Quality quality_;
  std::array<Receive, 2> receivers_;
  std::array<Time, 2> last_arrival_{};
  bool cut_ = false;
};

}  // namespace arpline::sim
