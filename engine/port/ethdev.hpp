// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "port/port.hpp"

namespace arpline {

struct EthdevOptions {
  std::string device;        ///< DPDK's device arguments, or the name of an existing device
  ForeignText rings_of;      ///< for net_af_xdp: the interface whose rings it reads, one device per queue
  std::string xsks_map;      ///< for net_af_xdp: the path where the map is pinned
  std::uint16_t queues = 1;  ///< upper limit; the device may have fewer
  ForeignText steers_from;   ///< make the device take only ARP from this interface; empty: take every frame
  std::string
      kernel;  ///< the device that hands frames to the kernel, in the form of `device`; empty: drop them
};

/// A port on any DPDK ethdev. "net_af_xdp" means one such device on each queue of the parent; these read the
/// AF_XDP rings that the attached program fills. Needs an Eal that outlives it.
class EthdevPort {
 public:
  /// Throws SetupError. No frame comes in before enable().
  explicit EthdevPort(const EthdevOptions& options);
  EthdevPort(const EthdevPort&) = delete;
  EthdevPort& operator=(const EthdevPort&) = delete;
  ~EthdevPort();

  /// Starts the devices; net_af_xdp adds its sockets to xsks_map. Throws SetupError.
  void enable();
  /// Registers the calling thread, the worker, with DPDK and moves it to the CPUs of a free lcore when the EAL
  /// has one beyond its main lcore.
  void enter() noexcept;

  std::size_t receive(Burst burst) noexcept;
  std::size_t send(Burst burst) noexcept;
  void release(Burst burst) noexcept;
  void hand_over(Burst burst) noexcept;
  std::size_t allocate(Burst burst) noexcept;
  void wait(std::chrono::milliseconds timeout) noexcept;
  void wake() noexcept;
  std::uint16_t queues() const noexcept { return static_cast<std::uint16_t>(queues_.size()); }
  /// Always 0, on purpose. Under a flood net_af_xdp runs out of fill frames and loses redirected ones. If the
  /// loss were reported, the credit would be given back at once and the program would go on redirecting;
  /// without it, the program runs out of credit and passes the rest to the containers' kernels.
  std::uint64_t lost(std::uint16_t /*queue*/) noexcept { return 0; }
  /// False when the device has no rule for VLAN-tagged ARP, which then stays with the kernel.
  bool steers_tagged() const noexcept;
  /// Total of frames that the kernel's device did not take.
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
  std::optional<std::uint16_t> kernel_;  // port id of the kernel's device
  std::optional<unsigned> lcore_;
  Fd wake_;
  std::vector<pollfd> polled_;
  std::size_t next_ = 0;
  bool idle_ = false;  // no frame received since the last wait()
  Instant last_frame_at_ = kNoTime;
  std::atomic<std::uint64_t> not_handed_over_{0};
};

static_assert(KernelPort<EthdevPort>);

}  // namespace arpline
