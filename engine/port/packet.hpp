// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "port/port.hpp"

namespace arpline {

/// A port for parents that can't have an AF_XDP ring (bond, team, bridge) and for generic XDP. It sends
/// announcements through an AF_PACKET socket, bypassing the qdisc, and receives nothing.
class PacketPort {
 public:
  /// Throws SetupError.
  explicit PacketPort(const ForeignText& interface);

  std::size_t receive(Burst) noexcept { return 0; }
  std::size_t send(Burst burst) noexcept;
  void release(Burst) noexcept {}
  std::size_t allocate(Burst burst) noexcept;
  void wait(std::chrono::milliseconds timeout) noexcept;
  void wake() noexcept;
  std::uint16_t queues() const noexcept { return 0; }
  std::uint64_t lost(std::uint16_t) noexcept { return 0; }

 private:
  Fd socket_;
  Fd wake_;
  std::array<std::array<std::byte, kFrameRoomBytes>, 64> frames_{};
};

static_assert(Port<PacketPort>);

}  // namespace arpline
