// SPDX-License-Identifier: Apache-2.0
#include "port/ethdev_device.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_flow.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"

namespace arpline {
namespace {

// Per queue: enough for net_af_xdp's rings (2,048 in the fill ring, as many in the completion ring) and for
// bursts.
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

// Silences net_af_xdp, which logs an error when it can't remove the program, which is not its own.
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

Mempool make_mempool(const std::string& name, std::uint32_t frames) {
  Mempool pool{rte_pktmbuf_pool_create(name.c_str(), frames, kCachedFrames, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                       SOCKET_ID_ANY)};
  if (!pool) fail(name, "allocate its frames", rte_errno, "give DPDK more memory: `-m` in eal, or huge pages");
  return pool;
}

bool is_memory_only(const std::string& arguments) {
  // net_pcap with iface= reads from an interface.
  if (arguments.find("iface=") != std::string::npos) return false;
  return std::ranges::any_of(std::array{"net_ring", "net_null", "net_pcap"},
                             [&](const char* driver) { return arguments.starts_with(driver); });
}

EthdevDevice::EthdevDevice(EthdevDeviceOptions options) : options_(std::move(options)) {
  probe();
  try {
    if (!options_.steers_from.empty()) isolate();
    configure();
  } catch (...) {
    if (ours_) rte_dev_remove(info_.device);
    throw;
  }
}

void EthdevDevice::probe() {
  const auto& arguments = options_.arguments;
  const auto name = name_in(arguments);
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0) {
    if (const int error = rte_dev_probe(arguments.c_str()); error != 0)
      fail(name, "probe the device", error, "see `device` in the configuration, and DPDK's own lines above");
    ours_ = true;
    if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0)
      throw SetupError(name + ": the device has no port of this name");
  }
  if (const int error = rte_eth_dev_info_get(id_, &info_); error != 0) fail(name, "ask what it is", error);
}

// In rte_flow's isolated mode a device receives only what rules name. It is set before the device is
// configured, so that the host loses no frame. On another NIC than the parent's the other frames would not stay
// with the kernel.
void EthdevDevice::isolate() const {
  const auto refuse = [&](const std::string& why) {
    throw SetupError(
        fmt::format("{}: {}; refused, or it would take the host's frames. Where something else sees to it "
                    "that the device gets ARP only: steering = \"external\"",
                    name_in(options_.arguments), why));
  };
  // net_tap's argument `remote=` names the interface whose frames it takes.
  const bool remote = options_.arguments.find("remote=") != std::string::npos;
  if (!remote && info_.if_index != if_nametoindex(options_.steers_from.raw().c_str()))
    refuse("the device does not share its NIC with " + visible(options_.steers_from));
  rte_flow_error error{};
  if (rte_flow_isolate(id_, 1, &error) != 0)
    refuse(fmt::format("its driver {} can't leave the kernel what no rule names ({})", info_.driver_name,
                       error.message != nullptr ? error.message : "no rte_flow"));
}

void EthdevDevice::configure() {
  queues_ = std::min({options_.queues, info_.max_rx_queues, info_.max_tx_queues});
  const rte_eth_conf config{};
  if (const int error = rte_eth_dev_configure(id_, queues_, queues_, &config); error != 0)
    fail(options_.arguments, "configure it", error);
  pool_ = make_mempool(fmt::format("arpline_{}", id_), kFramesPerQueue * queues_);
  // net_af_xdp does not check this: a UMEM must be contiguous.
  if (std::string_view{info_.driver_name} == "net_af_xdp" && pool_->nb_mem_chunks != 1)
    throw SetupError(fmt::format("{}: its frames lie in {} pieces of memory; take --iova-mode out of eal",
                                 name_in(options_.arguments), pool_->nb_mem_chunks));
}

void EthdevDevice::start_queues() {
  std::uint16_t rx = kDescriptors;
  std::uint16_t tx = kDescriptors;
  if (const int error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx); error != 0)
    fail(options_.arguments, "choose the size of its rings", error);
  for (std::uint16_t queue = 0; queue < queues_; ++queue) {
    int error = rte_eth_rx_queue_setup(id_, queue, rx, SOCKET_ID_ANY, nullptr, pool_.get());
    usable_ = error == 0;
    if (error != 0)
      fail(options_.arguments, "set up a receive queue", error, "is another process at this queue?");
    if ((error = rte_eth_tx_queue_setup(id_, queue, tx, SOCKET_ID_ANY, nullptr)) != 0)
      fail(options_.arguments, "set up a transmit queue", error);
  }
}

void EthdevDevice::start() {
  start_queues();
  if (const int error = rte_eth_dev_start(id_); error != 0) fail(options_.arguments, "start it", error);
  started_ = true;
  if (!options_.steers_from.empty()) steer();
}

// Sends ARP, and ARP behind one 802.1Q tag, to the first queue. All other frames stay with the kernel.
void EthdevDevice::steer() {
  constexpr auto kArp = RTE_BE16(RTE_ETHER_TYPE_ARP);
  constexpr rte_be16_t kAll = 0xffff;
  rte_flow_item_eth eth{};
  rte_flow_item_eth eth_mask{};
  eth.hdr.ether_type = kArp;
  eth_mask.hdr.ether_type = kAll;
  rte_flow_item_vlan vlan{};
  rte_flow_item_vlan vlan_mask{};
  vlan.hdr.eth_proto = kArp;
  vlan_mask.hdr.eth_proto = kAll;
  const rte_flow_item end{.type = RTE_FLOW_ITEM_TYPE_END, .spec = nullptr, .last = nullptr, .mask = nullptr};
  const std::array untagged{
      rte_flow_item{.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = &eth, .last = nullptr, .mask = &eth_mask}, end};
  const std::array tagged{
      rte_flow_item{.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = nullptr, .last = nullptr, .mask = nullptr},
      rte_flow_item{.type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &vlan, .last = nullptr, .mask = &vlan_mask}, end};
  const rte_flow_action_queue queue{.index = 0};
  const std::array actions{rte_flow_action{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
                           rte_flow_action{.type = RTE_FLOW_ACTION_TYPE_END, .conf = nullptr}};
  rte_flow_attr attributes{};
  attributes.ingress = 1;
  rte_flow_error error{};
  if (rte_flow_create(id_, &attributes, untagged.data(), actions.data(), &error) == nullptr)
    throw SetupError(fmt::format("{}: the device takes no rule for ARP ({})", name_in(options_.arguments),
                                 error.message != nullptr ? error.message : rte_strerror(rte_errno)));
  steers_tagged_ = rte_flow_create(id_, &attributes, tagged.data(), actions.data(), &error) != nullptr;
}

// After a failed queue set-up net_af_xdp's close uses memory that it has freed, so such a device is left open.
EthdevDevice::~EthdevDevice() {
  if (!usable_) return;
  const QuietNetAfXdp quiet;
  if (started_) rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
  if (ours_) rte_dev_remove(info_.device);
}

}  // namespace arpline
