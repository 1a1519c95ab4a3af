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

/// Frames for one device. Throws SetupError.
Mempool make_mempool(const std::string& name, std::uint32_t frames);

/// Whether a device moves frames in memory or files only: nobody's traffic can be taken by it.
bool is_memory_only(const std::string& arguments);

struct EthdevDeviceOptions {
  std::string arguments;  ///< as DPDK's --vdev and --allow have them, or the name of a device that is there
  std::uint16_t queues = 1;
  ForeignText steers_from;  ///< take ARP, and nothing else, from this interface's frames; empty: whatever comes
};

/// One ethdev with its frames: probed, configured, not started. Closed and removed with it, unless it was there
/// before.
class EthdevDevice {
 public:
  /// Throws SetupError, also when it can't be given ARP alone.
  explicit EthdevDevice(EthdevDeviceOptions options);
  EthdevDevice(const EthdevDevice&) = delete;
  EthdevDevice& operator=(const EthdevDevice&) = delete;
  ~EthdevDevice();

  /// Sets up the queues and starts it: from here on frames come in. Not to be tried twice. Throws SetupError.
  void start();

  std::uint16_t id() const noexcept { return id_; }
  std::uint16_t queues() const noexcept { return queues_; }
  rte_mempool* pool() const noexcept { return pool_.get(); }
  /// False when the device leaves ARP with a VLAN tag where it was.
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
