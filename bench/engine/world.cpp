// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <random>

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

arpl_hash_keys any_keys() {
  arpl_hash_keys keys{};
  arpl_derive_keys(1, 2, &keys);
  return keys;
}

}  // namespace

World::World(std::uint32_t endpoints) : endpoints_(endpoints), memory_(any_keys()) {
  if (endpoints == 0 || endpoints > ARPL_MAX_ENDPOINTS) throw SetupError("bench: so many endpoints can't be");
  Limits{}.write(memory_.limits);
  memory_.lease = ~__u64{0};
  memory_.limits.pair_ttl_ns = 60 * ARPL_SECOND_NS;
  memory_.limits.credit_window = kCreditWindow;
  memory_.limits.flags = ARPL_LIMIT_FAST_PATH | ARPL_LIMIT_ONE_QUEUE;
  tables().sockets = 1;
  Filter filter{memory_.filter_words()};
  const auto now = raw(Clock::now());
  for (std::uint32_t number = 0; number < endpoints; ++number) {
    add(number, now);
    filter.add(arpl_mac_bit(tables().keys.factor, endpoint_mac(number)));
  }
}

void World::add(std::uint32_t number, std::uint64_t now) {
  const auto own = endpoint_mac(number);
  memory_.macs.emplace(own, arpl_sender{});
  const arpl_endpoint_key key{.address = arpl_swap32(kFirstEndpoint + number), .vlan = 0, .zero = 0};
  memory_.put(key, {.slot = number, .prefix_bits = 8, .zero = {}, .dotted = {}});
  memory_.index().put(key, number);
  auto& slot = tables().slots[number];
  slot.word = own;
  slot.generation = 1;
  slot.netmask = arpl_swap32(0xff000000);
  const arpl_arp answer{.eth_dst = requester_mac(number),
                        .eth_src = own,
                        .sender_mac = own,
                        .target_mac = requester_mac(number),
                        .sender_ip = key.address,
                        .target_ip = arpl_swap32(kFirstRequester + number),
                        .op = ARPL_OP_REPLY};
  __be32 requester = 0;
  arpl_hand(&tables(), arpl_pair_hash(&tables(), answer.target_mac, answer.target_ip, answer.sender_ip, 0),
            now);
  if (arpl_confirm(&tables(), &answer, now, &requester) == 0)
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
