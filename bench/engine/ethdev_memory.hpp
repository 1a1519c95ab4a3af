// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace arpline::bench {

/// The length of a who-has that a NIC has padded.
inline constexpr std::size_t kFrameBytes = 60;
using FrameBytes = std::array<std::uint8_t, kFrameBytes>;

/// A DPDK device made of two rings in memory. It must outlive the port that opens it by its name.
class EthdevMemory {
 public:
  /// `room`: frames in each ring, a power of two.
  explicit EthdevMemory(unsigned room);
  EthdevMemory(const EthdevMemory&) = delete;
  EthdevMemory& operator=(const EthdevMemory&) = delete;
  ~EthdevMemory();

  /// In the form that EthdevOptions::device takes.
  const std::string& name() const;
  /// Takes back all frames that the port has sent, then makes `frames` available for receiving. Returns how
  /// many were sent.
  std::size_t refill(std::span<const FrameBytes> frames);

 private:
  struct Rings;
  std::unique_ptr<Rings> rings_;
};

/// Ticks of the CPU's time stamp counter in a second.
double tsc_hz();

}  // namespace arpline::bench
