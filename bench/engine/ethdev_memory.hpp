// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace arpline::bench {

/// What a NIC pads a who-has to.
inline constexpr std::size_t kFrameBytes = 60;
using FrameBytes = std::array<std::uint8_t, kFrameBytes>;

/// A DPDK device that is two rings in memory. Outlives the port that has its name.
class EthdevMemory {
 public:
  /// Room for so many frames, a power of two.
  explicit EthdevMemory(unsigned room);
  EthdevMemory(const EthdevMemory&) = delete;
  EthdevMemory& operator=(const EthdevMemory&) = delete;
  ~EthdevMemory();

  /// As EthdevOptions::device takes it.
  const std::string& name() const;
  /// Takes what was sent back and puts these where the device receives; returns how many were sent.
  std::size_t refill(std::span<const FrameBytes> frames);

 private:
  struct Rings;
  std::unique_ptr<Rings> rings_;
};

/// Ticks of the CPU's time stamp counter in a second.
double tsc_hz();

}  // namespace arpline::bench
