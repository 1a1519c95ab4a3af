// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <random>
#include <span>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/limits.hpp"
#include "shared/reply.h"

namespace arpline::bench {
namespace {

constexpr std::uint32_t kInterfaces = 64;
constexpr std::uint32_t kFirstEndpoint = 0x0a000001;   // 10.0.0.1
constexpr std::uint32_t kFirstRequester = 0x0a800001;  // 10.128.0.1
constexpr std::uint64_t kCreditWindow = 128;

Mac endpoint_mac(std::uint32_t number) {
  return 0x0242 | static_cast<Mac>(arpl_swap32(number % kInterfaces)) << 16U;
}

Mac requester_mac(std::uint32_t number) {
  return 0x5452 | static_cast<Mac>(arpl_swap32(number)) << 16U;
}

}  // namespace

World::World(std::uint32_t endpoints) : endpoints_(endpoints) {
  if (endpoints == 0 || endpoints > ARPL_MAX_ENDPOINTS) throw SetupError("bench: so many endpoints can't be");
  Limits{}.write(limits_);
  limits_.pair_ttl_ns = 60 * ARPL_SECOND_NS;
  limits_.credit_window = kCreditWindow;
  limits_.flags = ARPL_LIMIT_FAST_PATH | ARPL_LIMIT_ONE_QUEUE;
  arpl_derive_keys(1, 2, &tables_.keys);
  tables_.lease = &lease_;
  tables_.limits = &limits_;
  tables_.macs = &macs_;
  tables_.endpoints = &endpoint_map_;
  tables_.slots = slots_.all();
  tables_.stats = stats_.all();
  tables_.index = index_.all();
  tables_.filter = filter_.all();
  tables_.pairs = pairs_.all();
  tables_.heard = heard_.all();
  tables_.buckets = buckets_.all();
  tables_.credit = credit_.all();
  tables_.sockets = 1;
  const std::span words{reinterpret_cast<std::uint64_t*>(filter_.all().data()), filter_.all().size()};
  Filter filter{words};
  Index index{index_.all(), words, tables_.keys.factor};
  const auto now = now_ns();
  for (std::uint32_t number = 0; number < endpoints; ++number) {
    add(number, index, now);
    filter.add(arpl_mac_bit(tables_.keys.factor, endpoint_mac(number)));
  }
}

void World::add(std::uint32_t number, Index& index, std::uint64_t now) {
  const auto own = endpoint_mac(number);
  macs_.emplace(own, arpl_sender{});
  const arpl_endpoint_key key{.address = arpl_swap32(kFirstEndpoint + number), .vlan = 0, .zero = 0};
  endpoint_map_[key] = {.slot = number, .prefix_bits = 8, .zero = {}, .dotted = {}};
  slots_[number].word = own;
  slots_[number].generation = 1;
  slots_[number].netmask = arpl_swap32(0xff000000);
  index.put(key, number);
  const arpl_arp answer{.eth_dst = requester_mac(number),
                        .eth_src = own,
                        .sender_mac = own,
                        .target_mac = requester_mac(number),
                        .sender_ip = key.address,
                        .target_ip = arpl_swap32(kFirstRequester + number),
                        .op = ARPL_OP_REPLY};
  __be32 requester = 0;
  arpl_hand(&tables_, arpl_pair_hash(&tables_, answer.target_mac, answer.target_ip, answer.sender_ip, 0), now);
  if (arpl_confirm(&tables_, &answer, now, &requester) == 0)
    throw SetupError("bench: an endpoint was not confirmed");
}

std::vector<FrameBytes> World::questions(std::size_t count) const {
  std::mt19937 random(1);
  std::vector<FrameBytes> frames(count);
  for (auto& frame : frames) {
    const auto number = static_cast<std::uint32_t>(random() % endpoints_);
    const arpl_write who_has{.eth_dst = ARPL_MAC_BROADCAST,
                             .eth_src = requester_mac(number),
                             .sender_mac = requester_mac(number),
                             .target_mac = 0,
                             .sender_ip = arpl_swap32(kFirstRequester + number),
                             .target_ip = arpl_swap32(kFirstEndpoint + number),
                             .op = ARPL_OP_REQUEST,
                             .vlan = 0};
    arpl_write_arp(frame.data(), &who_has);
  }
  return frames;
}

}  // namespace arpline::bench
