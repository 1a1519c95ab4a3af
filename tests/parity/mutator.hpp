// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <span>

#include "packet/rows.hpp"

namespace arpline::parity {

/// Generates frames and states near the packet tables' rows, reproducibly from the seed.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  /// A row's state, sometimes with one field of another row's.
  packet::State state();
  /// The state, sometimes with one field of another row's.
  packet::State near(packet::State state);
  /// The frame of `near` or another row, with up to three changes; at least as long as an Ethernet header.
  packet::Bytes frame(const packet::Row& near);
  const packet::Row& row();
  std::uint16_t queue() { return one_in(8) ? 1 : 0; }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  template <class T>
  const T& any_of(std::span<const T> values) {
    return values[below(static_cast<std::uint32_t>(values.size()))];
  }
  Mac mac();
  Ipv4 address();
  void change(packet::FrameSpec& spec);
  void change(packet::Bytes& bytes);

  std::mt19937_64 random_;
};

}  // namespace arpline::parity
