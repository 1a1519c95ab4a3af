// SPDX-License-Identifier: Apache-2.0
// Fuzzes the exemption of frames from storm limits. The first byte of an input selects a frame, the second its
// length, and the remaining bytes are XORed onto the frame.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "packet/storm_frames.hpp"
#include "shared/storm.h"

namespace {

using namespace arpline;

// An allocation of exactly this size, so that the sanitizer detects an overread.
std::int32_t storm_ethertype(const packet::Bytes& frame, std::size_t bytes) {
  const auto exact = std::make_unique<std::uint8_t[]>(bytes);
  std::copy_n(frame.begin(), bytes, exact.get());
  arpl_arp arp{};
  const auto found = arpl_storm_ethertype(exact.get(), exact.get() + bytes);
  if (arpl_parse(exact.get(), exact.get() + bytes, &arp) != ARPL_NOT_ARP) REQUIRE(found == -1);
  return found;
}

bool has(const packet::Bytes& frame, std::initializer_list<std::uint8_t> values) {
  return std::ranges::any_of(frame, [&](std::uint8_t byte) { return std::ranges::count(values, byte) > 0; });
}

// A frame that is exempt must contain the field values of an exempt protocol.
void check_needed(const packet::Bytes& frame) {
  constexpr std::size_t ethernet = 14;
  const packet::Bytes behind(frame.begin() + ethernet, frame.end());
  const bool arp = frame[12] == 0x08 && frame[13] == 0x06;
  const bool tagged = (frame[12] == 0x81 && frame[13] == 0x00) || (frame[12] == 0x88 && frame[13] == 0xa8);
  const bool four = frame[12] == 0x08 && frame[13] == 0x00;
  const bool six = frame[12] == 0x86 && frame[13] == 0xdd;
  REQUIRE(arp || tagged || four || six);
  if (four) REQUIRE(behind.size() >= 20 && behind[0] >> 4 == 4 && (behind[9] == 2 || behind[9] == 17));
  if (four && behind[9] == 17) REQUIRE(has(behind, {67, 68}));
  if (six) REQUIRE(behind.size() > 40 && behind[0] >> 4 == 6 && has(behind, {17, 58}));
}

}  // namespace

std::vector<fuzz::Bytes> fuzz::seeds() {
  std::vector<Bytes> all;
  for (std::size_t i = 0; i < packet::storm_frames().size(); ++i)
    all.push_back({static_cast<std::uint8_t>(i), 255});
  return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto frames = packet::storm_frames();
  if (size < 2) return 0;
  packet::Bytes frame = frames[data[0] % frames.size()].frame;
  frame.resize(std::max(frame.size(), size - 2));
  for (std::size_t i = 2; i < size; ++i) frame[i - 2] ^= data[i];
  const std::size_t bytes = std::min<std::size_t>(frame.size(), data[1] == 255 ? frame.size() : data[1]);

  const auto found = storm_ethertype(frame, bytes);
  REQUIRE(found >= -1 && found <= 0xffff);
  if (bytes < ARPL_ETH_BYTES) {
    REQUIRE(found == -1);
    return 0;
  }
  frame.resize(bytes);
  const bool group = (frame[0] & 1U) != 0;
  const bool next_bridge = frame[0] == 0x01 && frame[1] == 0x80 && frame[2] == 0xc2 && frame[3] == 0 &&
                           frame[4] == 0 && frame[5] < 16;
  if (!group || next_bridge) {
    REQUIRE(found == -1);
    return 0;
  }
  if (found == -1) {
    check_needed(frame);
    frame.resize(bytes + 1 + data[1]);
    REQUIRE(storm_ethertype(frame, frame.size()) == -1);  // padding does not change the result
  } else {
    REQUIRE(found == 0 || arpl_swap16(static_cast<std::uint16_t>(found)) >= ARPL_LEAST_ETHERTYPE);
    REQUIRE(found != arpl_swap16(ARPL_ETHERTYPE_ARP));
  }
  return 0;
}
