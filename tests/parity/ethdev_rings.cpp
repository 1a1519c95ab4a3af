// SPDX-License-Identifier: Apache-2.0
#include "parity/ethdev_rings.hpp"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstring>

#include "base/error.hpp"
#include "port/ethdev_eal.hpp"

namespace arpline::parity {
namespace {

constexpr unsigned kRingFrames = 1024;  // a power of two
constexpr unsigned kPoolFrames = 1023;
constexpr std::uint16_t kFrameBytes = 9216;  // holds the longest frame of the packet tables in one segment

struct FreeRing {
  void operator()(rte_ring* ring) const noexcept { rte_ring_free(ring); }
};
using Ring = std::unique_ptr<rte_ring, FreeRing>;

struct FreePool {
  void operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }
};

Ring make_ring(const std::string& name) {
  Ring ring{rte_ring_create(name.c_str(), kRingFrames, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ)};
  if (!ring) throw_errno("make the ring " + name, rte_errno);
  return ring;
}

std::vector<rte_ring*> pointers(const std::vector<Ring>& rings) {
  std::vector<rte_ring*> found;
  found.reserve(rings.size());
  for (const auto& ring : rings) found.push_back(ring.get());
  return found;
}

}  // namespace

void start_eal() {
  static const Eal eal({"--no-telemetry"}, {});
}

struct EthdevRings::Rings {
  std::vector<Ring> to_port, from_port;
  std::unique_ptr<rte_mempool, FreePool> pool;
  std::string name;
  std::uint16_t taken_from = 0;
};

EthdevRings::EthdevRings(std::uint16_t queues) : rings_(std::make_unique<Rings>()) {
  static unsigned number = 0;
  const auto name = fmt::format("parity{}", number++);
  for (std::uint16_t queue = 0; queue < queues; ++queue) {
    rings_->to_port.push_back(make_ring(fmt::format("{}_rx{}", name, queue)));
    rings_->from_port.push_back(make_ring(fmt::format("{}_tx{}", name, queue)));
  }
  rings_->pool.reset(rte_pktmbuf_pool_create(name.c_str(), kPoolFrames, 0, 0,
                                             RTE_PKTMBUF_HEADROOM + kFrameBytes, SOCKET_ID_ANY));
  if (!rings_->pool) throw_errno("make the pool " + name, rte_errno);
  const auto in = pointers(rings_->to_port);
  const auto out = pointers(rings_->from_port);
  const int port = rte_eth_from_rings(name.c_str(), in.data(), queues, out.data(), queues, 0);
  std::array<char, RTE_ETH_NAME_MAX_LEN> full_name{};
  if (port < 0 || rte_eth_dev_get_name_by_port(static_cast<std::uint16_t>(port), full_name.data()) != 0)
    throw_errno("make the device " + name, rte_errno);
  rings_->name = full_name.data();
}

EthdevRings::~EthdevRings() {
  while (take()) {
  }
}

const std::string& EthdevRings::name() const {
  return rings_->name;
}

void EthdevRings::put(std::uint16_t queue, std::span<const std::uint8_t> frame) {
  auto* mbuf = rte_pktmbuf_alloc(rings_->pool.get());
  auto* room = mbuf != nullptr ? rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size())) : nullptr;
  if (room == nullptr) throw SetupError(fmt::format("{}: no room for {} bytes", name(), frame.size()));
  std::memcpy(room, frame.data(), frame.size());
  if (rte_ring_enqueue(rings_->to_port.at(queue).get(), mbuf) != 0) throw SetupError(name() + ": ring full");
}

std::optional<Bytes> EthdevRings::take() {
  for (std::uint16_t queue = 0; queue < rings_->from_port.size(); ++queue) {
    void* taken = nullptr;
    if (rte_ring_dequeue(rings_->from_port[queue].get(), &taken) != 0) continue;
    auto* mbuf = static_cast<rte_mbuf*>(taken);
    const auto* bytes = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
    std::optional<Bytes> frame(std::in_place, bytes, bytes + rte_pktmbuf_data_len(mbuf));
    rte_pktmbuf_free(mbuf);
    rings_->taken_from = queue;
    return frame;
  }
  return std::nullopt;
}

std::uint16_t EthdevRings::taken_from() const {
  return rings_->taken_from;
}

std::size_t EthdevRings::held() const {
  return rte_mempool_in_use_count(rings_->pool.get());
}

std::size_t free_frames(const std::string& device) {
  std::uint16_t port = 0;
  if (rte_eth_dev_get_port_by_name(device.c_str(), &port) != 0) throw SetupError("no device " + device);
  auto* pool = rte_mempool_lookup(fmt::format("arpline_{}", port).c_str());
  return pool != nullptr ? rte_mempool_avail_count(pool) : 0;
}

bool is_there(const std::string& device) {
  std::uint16_t port = 0;
  return rte_eth_dev_get_port_by_name(device.c_str(), &port) == 0;
}

}  // namespace arpline::parity
