// SPDX-License-Identifier: Apache-2.0
#include "ethdev_memory.hpp"

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "port/ethdev_device.hpp"

namespace arpline::bench {
namespace {

struct FreeRing {
  void operator()(rte_ring* ring) const noexcept { rte_ring_free(ring); }
};
using Ring = std::unique_ptr<rte_ring, FreeRing>;

Ring make_ring(const std::string& name, unsigned room) {
  Ring ring{
      rte_ring_create(name.c_str(), room, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ)};
  if (!ring) throw_errno("make the ring " + name, rte_errno);
  return ring;
}

}  // namespace

struct EthdevMemory::Rings {
  Ring to_port, from_port;
  Mempool pool;
  std::string name;
  std::vector<rte_mbuf*> idle;
};

EthdevMemory::EthdevMemory(unsigned room) : rings_(std::make_unique<Rings>()) {
  rings_->to_port = make_ring("bench_rx", room);
  rings_->from_port = make_ring("bench_tx", room);
  rings_->pool = make_mempool("bench", room - 1);
  auto* in = rings_->to_port.get();
  auto* out = rings_->from_port.get();
  const int port = rte_eth_from_rings("bench", &in, 1, &out, 1, 0);
  std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
  if (port < 0 || rte_eth_dev_get_name_by_port(static_cast<std::uint16_t>(port), name.data()) != 0)
    throw_errno("make the device", rte_errno);
  rings_->name = name.data();
  rings_->idle.resize(room - 1);
  if (rte_pktmbuf_alloc_bulk(rings_->pool.get(), rings_->idle.data(), room - 1) != 0)
    throw SetupError("bench: the pool has too few frames");
}

EthdevMemory::~EthdevMemory() {
  refill({});
  rte_pktmbuf_free_bulk(rings_->idle.data(), static_cast<unsigned>(rings_->idle.size()));
}

const std::string& EthdevMemory::name() const {
  return rings_->name;
}

std::size_t EthdevMemory::refill(std::span<const FrameBytes> frames) {
  auto& idle = rings_->idle;
  std::size_t sent = 0;
  for (void* taken = nullptr; rte_ring_dequeue(rings_->from_port.get(), &taken) == 0; ++sent)
    idle.push_back(static_cast<rte_mbuf*>(taken));
  for (const auto& frame : frames) {
    if (idle.empty()) throw SetupError("bench: frames were lost");
    auto* mbuf = idle.back();
    idle.pop_back();
    rte_pktmbuf_reset(mbuf);
    std::copy(frame.begin(), frame.end(), rte_pktmbuf_mtod(mbuf, std::uint8_t*));
    mbuf->data_len = kFrameBytes;
    mbuf->pkt_len = kFrameBytes;
    rte_ring_enqueue(rings_->to_port.get(), mbuf);
  }
  return sent;
}

double tsc_hz() {
  return static_cast<double>(rte_get_tsc_hz());
}

}  // namespace arpline::bench
