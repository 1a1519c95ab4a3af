// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <xdp/xsk.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "port/port.hpp"

namespace arpline {

/// A port on AF_XDP sockets, one for each queue of a parent, in copy mode on one UMEM. It does not load or
/// attach an XDP program.
class XskPort {
 public:
  /// Binds a socket to each receive queue; waits up to `patience` in all while a queue is busy, since a killed
  /// owner's socket goes away late. With fewer transmit queues several queues share one, because the kernel
  /// does not check that a socket's transmit queue exists. No frame comes in before enable(). Throws
  /// SetupError.
  XskPort(const ForeignText& interface, std::uint16_t rx_queues, std::uint16_t tx_queues,
          std::chrono::milliseconds patience = std::chrono::seconds{1});
  XskPort(const XskPort&) = delete;
  XskPort& operator=(const XskPort&) = delete;
  ~XskPort();

  /// Adds the sockets to the XSKMAP `xsks_map_fd`. Throws SetupError.
  void enable(int xsks_map_fd);

  std::size_t receive(Burst burst) noexcept;
  std::size_t send(Burst burst) noexcept;
  void release(Burst burst) noexcept;
  std::size_t allocate(Burst burst) noexcept;
  void wait(std::chrono::milliseconds timeout) noexcept;
  void wake() noexcept;
  std::uint16_t queues() const noexcept { return static_cast<std::uint16_t>(queues_.size()); }
  std::uint64_t lost(std::uint16_t queue) noexcept;

 private:
  struct Queue;
  struct UmemArea;

  Queue& sender(std::uint16_t queue) noexcept;
  void reap(Queue& queue) noexcept;
  bool flush(Queue& queue) noexcept;
  void bind(Queue& queue, const ForeignText& interface, std::uint16_t index, Instant give_up);
  Frame frame_at(std::uint64_t address, std::uint32_t len, std::uint16_t queue) const noexcept;

  std::unique_ptr<UmemArea> area_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::vector<pollfd> polled_;
  Fd wake_;
  std::uint16_t tx_queues_;
  std::size_t next_ = 0;
};

static_assert(Port<XskPort>);

}  // namespace arpline
