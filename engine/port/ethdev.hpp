// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "port/port.hpp"

namespace arpline {

struct EthdevOptions {
  std::string device;        ///< DPDK's arguments of a device, or the name of one that is there
  ForeignText rings_of;      ///< net_af_xdp: the interface whose rings it reads, with a device on each queue
  std::string xsks_map;      ///< likewise: where it is pinned
  std::uint16_t queues = 1;  ///< at most; the device may have fewer
  ForeignText steers_from;  ///< take ARP, and nothing else, from this interface's frames; empty: whatever comes
  std::string kernel;       ///< the device that hands frames to the kernel, likewise; empty: they are dropped
};

/// Any DPDK ethdev. "net_af_xdp" stands for one such device on each queue of the parent, which reads the rings
/// of the program that is attached there. An Eal outlives it.
class EthdevPort {
 public:
  /// Throws SetupError. Nothing comes in before enable().
  explicit EthdevPort(const EthdevOptions& options);
  EthdevPort(const EthdevPort&) = delete;
  EthdevPort& operator=(const EthdevPort&) = delete;
  ~EthdevPort();

  /// Starts the devices; those of net_af_xdp put themselves into xsks_map. Throws SetupError.
  void enable();
  /// Makes the calling thread the one that moves frames: one of DPDK's, on an lcore of its own that the EAL was
  /// given beyond its first.
  void enter() noexcept;

  std::size_t receive(Burst burst) noexcept;
  std::size_t send(Burst burst) noexcept;
  void release(Burst burst) noexcept;
  void hand_over(Burst burst) noexcept;
  std::size_t allocate(Burst burst) noexcept;
  void wait(std::chrono::milliseconds timeout) noexcept;
  void wake() noexcept;
  std::uint16_t queues() const noexcept { return static_cast<std::uint16_t>(queues_.size()); }
  /// Not told. Under a flood net_af_xdp runs out of frames to fill, and what is redirected then is lost: with
  /// credit for it given back at once the program would go on; without, the rest goes to the containers'
  /// kernels.
  std::uint64_t lost(std::uint16_t /*queue*/) noexcept { return 0; }
  /// False when the device leaves ARP with a VLAN tag where it was.
  bool steers_tagged() const noexcept;
  /// Frames that the kernel's device did not take, ever.
  std::uint64_t not_handed_over() const noexcept { return not_handed_over_.load(std::memory_order_relaxed); }

 private:
  struct Devices;
  struct Queue {
    std::uint16_t port;
    std::uint16_t queue;
  };

  void start(std::size_t device);

  EthdevOptions options_;
  std::unique_ptr<Devices> devices_;
  std::vector<Queue> queues_;
  std::optional<std::uint16_t> kernel_;  // DPDK's number of it
  std::optional<unsigned> lcore_;
  Fd wake_;
  std::vector<pollfd> polled_;
  std::size_t next_ = 0;
  bool asleep_ = false;  // no frame since the last wait()
  std::uint64_t last_frame_at_ = 0;
  std::atomic<std::uint64_t> not_handed_over_{0};
};

static_assert(KernelPort<EthdevPort>);

}  // namespace arpline
