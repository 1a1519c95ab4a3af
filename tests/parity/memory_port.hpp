// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstring>
#include <optional>

#include "packet/frame.hpp"
#include "port/port.hpp"
#include "shared/abi.h"

namespace arpline::parity {

/// A port with room for one frame: it gives the worker the frame of a ring, and keeps the worker's reply.
class MemoryPort {
 public:
  explicit MemoryPort(std::uint16_t queues) : queues_(queues) {}

  /// Queues a frame as the program leaves it in the ring.
  void put(const arpl_ring_meta& meta, const packet::Bytes& frame, std::uint16_t queue) {
    buffer_.assign(sizeof meta + std::max<std::size_t>(frame.size(), kFrameRoomBytes), 0);
    std::memcpy(buffer_.data(), &meta, sizeof meta);
    std::memcpy(buffer_.data() + sizeof meta, frame.data(), frame.size());
    waiting_ = Frame{.data = reinterpret_cast<std::byte*>(buffer_.data() + sizeof meta),
                     .len = static_cast<std::uint32_t>(frame.size()),
                     .queue = queue,
                     .token = 0};
    sent_.reset();
  }
  /// The reply; nullopt when the worker released the frame without one.
  const std::optional<packet::Bytes>& sent() const { return sent_; }

  std::size_t receive(Burst burst) noexcept {
    if (!waiting_) return 0;
    burst[0] = *waiting_;
    waiting_.reset();
    return 1;
  }
  std::size_t send(Burst burst) noexcept {
    for (const auto& frame : burst) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(frame.data);
      sent_.emplace(bytes, bytes + frame.len);
    }
    return burst.size();
  }
  void release(Burst) noexcept {}
  std::size_t allocate(Burst) noexcept { return 0; }
  void wait(std::chrono::milliseconds) noexcept {}
  void wake() noexcept {}
  std::uint16_t queues() const noexcept { return queues_; }
  std::uint64_t lost(std::uint16_t) const noexcept { return 0; }

 private:
  std::uint16_t queues_;
  packet::Bytes buffer_;
  std::optional<Frame> waiting_;
  std::optional<packet::Bytes> sent_;
};

static_assert(Port<MemoryPort>);

}  // namespace arpline::parity
