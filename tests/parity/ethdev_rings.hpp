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

/// Initializes the process's EAL, without huge pages and PCI devices.
void start_eal();

/// A net_ring device: real DPDK queues whose other ends the test holds. Must outlive the port that opens it.
class EthdevRings {
 public:
  explicit EthdevRings(std::uint16_t queues);
  EthdevRings(const EthdevRings&) = delete;
  EthdevRings& operator=(const EthdevRings&) = delete;
  ~EthdevRings();

  /// The device in the form of EthdevOptions::device.
  const std::string& name() const;
  /// Queues a frame for the device to receive.
  void put(std::uint16_t queue, std::span<const std::uint8_t> frame);
  /// The next frame that the device has sent on any queue; nullopt: none.
  std::optional<Bytes> take();
  /// The queue of the frame that take() returned last.
  std::uint16_t taken_from() const;
  /// The number of frames from put() that were neither sent nor freed.
  std::size_t held() const;

 private:
  struct Rings;
  std::unique_ptr<Rings> rings_;
};

/// The number of free frames in the pool of this device.
std::size_t free_frames(const std::string& device);
/// Whether a device of this name exists.
bool is_there(const std::string& device);

}  // namespace arpline::parity
