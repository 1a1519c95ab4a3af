// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/foreign_text.hpp"

namespace arpline {

struct FreeMempool {
  void operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }
};
using Mempool = std::unique_ptr<rte_mempool, FreeMempool>;

/// A pool of `frames` mbufs for one device. Throws SetupError.
Mempool make_mempool(const std::string& name, std::uint32_t frames);

/// Whether a device only moves frames in memory or files, so that it can't take anybody's traffic.
bool is_memory_only(const std::string& arguments);

struct EthdevDeviceOptions {
  std::string arguments;  ///< in the form of DPDK's --vdev and --allow, or the name of an existing device
  std::uint16_t queues = 1;
  ForeignText steers_from;  ///< make the device take only ARP from this interface; empty: take every frame
};

/// One ethdev with its mbuf pool. The constructor probes and configures it; the destructor stops and closes it,
/// and removes it when the constructor has added it.
class EthdevDevice {
 public:
  /// Throws SetupError, also when the device can't be limited to ARP as steers_from asks.
  explicit EthdevDevice(EthdevDeviceOptions options);
  EthdevDevice(const EthdevDevice&) = delete;
  EthdevDevice& operator=(const EthdevDevice&) = delete;
  ~EthdevDevice();

  /// Sets up the queues and starts the device; frames come in from then on. Throws SetupError; a device that
  /// has failed must not be started again.
  void start();

  std::uint16_t id() const noexcept { return id_; }
  std::uint16_t queues() const noexcept { return queues_; }
  rte_mempool* pool() const noexcept { return pool_.get(); }
  /// False when the device has no rule for VLAN-tagged ARP, which then stays with the kernel.
  bool steers_tagged() const noexcept { return steers_tagged_; }

 private:
  void probe();
  void isolate() const;
  void configure();
  void start_queues();
  void steer();

  EthdevDeviceOptions options_;
  std::uint16_t id_ = RTE_MAX_ETHPORTS;
  std::uint16_t queues_ = 0;
  bool steers_tagged_ = true;
  bool ours_ = false;
  bool usable_ = true;
  bool started_ = false;
  rte_eth_dev_info info_{};
  Mempool pool_;
};

}  // namespace arpline
