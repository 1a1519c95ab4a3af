// SPDX-License-Identifier: Apache-2.0
#include "parity/mutator.hpp"

#include <algorithm>
#include <array>

namespace arpline::parity {
namespace {

using namespace packet;

constexpr std::size_t kShortest = ARPL_ETH_BYTES;  // the minimum of a test run
constexpr std::uint32_t kLongest = 200;            // exceeds every length that the programs compare with

constexpr std::array kMacs{parent_mac,   endpoint_mac,  sibling_mac, peer_mac,
                           stranger_mac, broadcast_mac, Mac{0},      mac(1, 0, 0x5e, 0, 0, 1)};
constexpr std::array kAddresses{endpoint_ip,
                                sibling_ip,
                                peer_ip,
                                foreign_ip,
                                Ipv4{0},
                                ip(10, 1, 0, 255),
                                ip(10, 1, 0, 0),
                                ip(127, 0, 0, 1),
                                ip(224, 0, 0, 1),
                                ip(10, 2, 0, 99),
                                ip(255, 255, 255, 255),
                                ip(10, 1, 0, 98)};
constexpr std::array<std::uint16_t, 5> kOps{1, 2, 0, 3, ARPL_SELF_TEST_OP};
constexpr std::array<std::uint16_t, 4> kTypes{0x0806, 0x0800, 0x8100, 0x88a8};
constexpr std::array<std::uint16_t, 5> kTags{100, 0, 101, 0x6064, 0x6000};
constexpr std::array kSwitches{ARPL_LIMIT_FAST_PATH, ARPL_LIMIT_OBSERVE, ARPL_LIMIT_HIDDEN_TAGS,
                               ARPL_LIMIT_ONE_QUEUE, ARPL_LIMIT_FRAGS};
constexpr std::array kBudgets{Budget::normal, Budget::unlimited, Budget::zero, Budget::spent};

}  // namespace

const Row& Mutator::row() {
  return any_of<Row>(rows());
}

State Mutator::state() {
  return near(row().state);
}

State Mutator::near(State state) {
  if (one_in(4)) state.switches ^= any_of<unsigned long long>(kSwitches);
  if (one_in(8)) state.pair = row().state.pair;
  if (one_in(4)) state.last = !state.last;
  if (one_in(8)) state.to_child = any_of<Budget>(kBudgets);
  if (one_in(8)) state.reflect = any_of<Budget>(kBudgets);
  if (one_in(8)) state.in_flight = below(2 * credit_window);
  if (one_in(8)) state.awaits = peer_ip;
  if (one_in(8)) state.host_awaits = peer_ip;
  return state;
}

Mac Mutator::mac() {
  return one_in(4) ? random_() & ARPL_MAC_MASK : any_of<Mac>(kMacs);
}

Ipv4 Mutator::address() {
  return one_in(4) ? static_cast<Ipv4>(random_()) : any_of<Ipv4>(kAddresses);
}

void Mutator::change(FrameSpec& spec) {
  switch (below(12)) {
    case 0:
      spec.eth_dst = mac();
      break;
    case 1:
      spec.eth_src = spec.sender_mac = mac();  // both change: another requester
      break;
    case 2:
      spec.eth_src = mac();
      break;
    case 3:
      spec.sender_mac = mac();
      break;
    case 4:
      spec.target_mac = mac();
      break;
    case 5:
      spec.sender_ip = address();
      break;
    case 6:
      spec.target_ip = address();
      break;
    case 7:
      spec.op = any_of<std::uint16_t>(kOps);
      break;
    case 8:
      spec.ethertype = any_of<std::uint16_t>(kTypes);
      break;
    case 9:
      spec.tags.push_back({.type = any_of<std::uint16_t>(kTypes), .tci = any_of<std::uint16_t>(kTags)});
      break;
    case 10:
      spec.tags.clear();
      break;
    default:
      spec.bytes = kShortest + below(kLongest - kShortest);
      spec.padding = static_cast<std::uint8_t>(random_());
  }
}

void Mutator::change(Bytes& bytes) {
  // Most bytes that the decision depends on are among the first 60.
  const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), 60));
  if (one_in(2))
    bytes[below(length)] ^= static_cast<std::uint8_t>(1U << below(8));
  else
    bytes[below(length)] = static_cast<std::uint8_t>(random_());
}

Bytes Mutator::frame(const Row& near) {
  FrameSpec spec = one_in(2) ? near.frame : row().frame;
  const auto changes = below(4);
  for (std::uint32_t i = 0; i < changes; ++i) change(spec);
  Bytes bytes = build(spec);
  bytes.resize(std::max(bytes.size(), kShortest));
  if (one_in(4)) change(bytes);
  return bytes;
}

}  // namespace arpline::parity
