// SPDX-License-Identifier: Apache-2.0
#include "port/ethdev_device.hpp"

#include <fmt/format.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include <algorithm>

#include "base/error.hpp"

namespace arpline {
namespace {

// Per queue: what the rings of net_af_xdp hold (2,048 to fill, as many on their way out), and bursts.
constexpr std::uint32_t kFramesPerQueue = 8191;  // 2^n - 1 suits a mempool best
constexpr std::uint16_t kDescriptors = 512;
constexpr std::uint32_t kCachedFrames = 128;

std::string name_in(const std::string& arguments) {
  return arguments.substr(0, arguments.find(','));
}

[[noreturn]] void fail(const std::string& device, const char* operation, int error,
                       const std::string& advice = {}) {
  throw_errno(fmt::format("{}: {}", name_in(device), operation), error < 0 ? -error : error, advice);
}

// net_af_xdp complains that it can't remove a program that is not its own.
class QuietNetAfXdp {
 public:
  QuietNetAfXdp() { rte_log_set_level(static_cast<std::uint32_t>(type_), RTE_LOG_CRIT); }
  QuietNetAfXdp(const QuietNetAfXdp&) = delete;
  QuietNetAfXdp& operator=(const QuietNetAfXdp&) = delete;
  ~QuietNetAfXdp() {
    rte_log_set_level(static_cast<std::uint32_t>(type_), static_cast<std::uint32_t>(before_));
  }

 private:
  int type_ = rte_log_register("pmd.net.af_xdp");
  int before_ = rte_log_get_level(static_cast<std::uint32_t>(type_));
};

}  // namespace

// net_af_xdp takes a pool for its UMEM, and only one that lies in one piece.
Mempool make_mempool(const std::string& name, std::uint32_t frames) {
  Mempool pool{rte_pktmbuf_pool_create(name.c_str(), frames, kCachedFrames, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                       SOCKET_ID_ANY)};
  if (!pool) fail(name, "allocate its frames", rte_errno, "give DPDK more memory: `-m` in eal, or huge pages");
  if (pool->nb_mem_chunks != 1)
    throw SetupError(fmt::format("{}: its frames lie in {} pieces; give DPDK memory in one: larger huge pages",
                                 name, pool->nb_mem_chunks));
  return pool;
}

EthdevDevice::EthdevDevice(const std::string& arguments, std::uint16_t queues)
    : arguments_(arguments), queues_(queues) {
  const auto name = name_in(arguments);
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0) {
    if (const int error = rte_dev_probe(arguments.c_str()); error != 0)
      fail(name, "probe the device", error, "see `device` in the configuration, and DPDK's own lines above");
    ours_ = true;
    if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0)
      throw SetupError(name + ": the device has no port of this name");
  }
  try {
    configure();
  } catch (...) {
    if (ours_ && info_.device != nullptr) rte_dev_remove(info_.device);
    throw;
  }
}

void EthdevDevice::configure() {
  if (const int error = rte_eth_dev_info_get(id_, &info_); error != 0)
    fail(arguments_, "ask what it is", error);
  queues_ = std::min({queues_, info_.max_rx_queues, info_.max_tx_queues});
  const rte_eth_conf config{};
  if (const int error = rte_eth_dev_configure(id_, queues_, queues_, &config); error != 0)
    fail(arguments_, "configure it", error);
  pool_ = make_mempool(fmt::format("arpline_{}", id_), kFramesPerQueue * queues_);
}

void EthdevDevice::start() {
  std::uint16_t rx = kDescriptors;
  std::uint16_t tx = kDescriptors;
  if (const int error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx); error != 0)
    fail(arguments_, "choose the size of its rings", error);
  for (std::uint16_t queue = 0; queue < queues_; ++queue) {
    int error = rte_eth_rx_queue_setup(id_, queue, rx, SOCKET_ID_ANY, nullptr, pool_.get());
    usable_ = error == 0;
    if (error != 0) fail(arguments_, "set up a receive queue", error, "is another process at this queue?");
    if ((error = rte_eth_tx_queue_setup(id_, queue, tx, SOCKET_ID_ANY, nullptr)) != 0)
      fail(arguments_, "set up a transmit queue", error);
  }
  if (const int error = rte_eth_dev_start(id_); error != 0) fail(arguments_, "start it", error);
  started_ = true;
}

// net_af_xdp touches what it has freed when it closes after a set-up that failed.
EthdevDevice::~EthdevDevice() {
  if (!usable_) return;
  const QuietNetAfXdp quiet;
  if (started_) rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
  if (ours_) rte_dev_remove(info_.device);
}

std::string EthdevDevice::driver() const {
  return info_.driver_name;
}

}  // namespace arpline
