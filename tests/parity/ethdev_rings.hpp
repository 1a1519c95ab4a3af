// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace arpline::parity {

using Bytes = std::vector<std::uint8_t>;

/// The one EAL of the process: no huge pages, no PCI devices.
void start_eal();

/// A net_ring ethdev: real DPDK queues whose other ends are in our hands. Outlives the port that has its name.
class EthdevRings {
 public:
  explicit EthdevRings(std::uint16_t queues);
  EthdevRings(const EthdevRings&) = delete;
  EthdevRings& operator=(const EthdevRings&) = delete;
  ~EthdevRings();

  /// As EthdevOptions::device takes it.
  const std::string& name() const;
  /// Puts a frame where the device receives.
  void put(std::uint16_t queue, std::span<const std::uint8_t> frame);
  /// What the device was given to send next, of any queue; nothing: no frame.
  std::optional<Bytes> take();
  /// The queue of what was taken last.
  std::uint16_t taken_from() const;
  /// Frames that came by put() and are neither taken nor given back.
  std::size_t held() const;

 private:
  struct Rings;
  std::unique_ptr<Rings> rings_;
};

/// Frames that are free in the pool of the device with this name.
std::size_t free_frames(const std::string& device);
/// Whether there is a device of this name.
bool is_there(const std::string& device);

}  // namespace arpline::parity
