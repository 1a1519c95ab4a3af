// SPDX-License-Identifier: Apache-2.0
// Fuzzes captures: reads them, replays them against two endpoints and prints the report. The seeds are the
// packet tables' frames in pcap and pcapng of both byte orders, and damaged files.
#include <optional>

#include "arpline/replay/capture.hpp"
#include "arpline/replay/replay_host.hpp"
#include "arpline/replay/report.hpp"
#include "base/error.hpp"
#include "config/limits.hpp"
#include "fuzz/fuzz.hpp"
#include "packet/rows.hpp"
#include "unit/replay_files.hpp"

namespace {

using namespace arpline;
using namespace arpline::replay;
using fuzz::Bytes;

constexpr std::uint32_t kEthernet = 1;
constexpr std::size_t kFramesInASeed = 40;
constexpr std::size_t kMostFrames = 1000;

Network network() {
  Network network;
  Limits{}.write(network.limits);
  network.limits.pair_ttl_ns = 60 * packet::seconds;
  network.limits.parent_mac = packet::parent_mac;
  network.endpoints = {{.key = {.address = packet::endpoint_ip, .vlan = 0, .zero = 0},
                        .word = packet::endpoint_mac,
                        .prefix_bits = 24},
                       {.key = {.address = packet::sibling_ip, .vlan = 100, .zero = 0},
                        .word = packet::sibling_mac,
                        .prefix_bits = 0}};
  network.own_macs = {{packet::parent_mac, Whose::host},
                      {packet::endpoint_mac, Whose::container},
                      {packet::sibling_mac, Whose::container}};
  return network;
}

std::size_t sum(const ReplayHost& host) {
  std::size_t verdicts = 0;
  const auto counted = to_json(host);
  for (const auto& [name, count] : counted.at("verdicts").items()) verdicts += count.get<std::size_t>();
  REQUIRE(!to_text(counted, {}).empty());
  return verdicts;
}

void read_all(Capture& capture) {
  for (Captured frame; capture.next(frame);) REQUIRE(frame.wire_bytes >= frame.bytes.size());
}

// Replays each frame once, with a clock that never goes back.
void replay_all(Capture& capture, Ways ways) {
  std::optional<ReplayHost> host;
  std::size_t frames = 0;
  std::size_t received = 0;
  std::uint64_t before = 0;
  for (Captured frame; frames < kMostFrames && capture.next(frame); ++frames) {
    REQUIRE(frame.wire_bytes >= frame.bytes.size());
    if (!host) host.emplace(network(), ways);
    const auto& seen = host->see(frame);
    REQUIRE(seen.time_ns >= before);
    before = seen.time_ns;
    received += seen.kind == Kind::received ? 1 : 0;
    if (seen.kind == Kind::not_arp || seen.kind == Kind::cut) continue;
    REQUIRE(line_of(seen, 0).ends_with('\n') && !comment_of(seen).empty());
  }
  if (!host) return;
  REQUIRE(host->sums().frames == frames);
  REQUIRE(sum(*host) == received);
}

Bytes block(bool big, std::uint32_t type, const Bytes& body) {
  const auto length = static_cast<std::uint32_t>((body.size() + 3) / 4 * 4 + 12);
  return Ordered{big}.u32(type).u32(length).raw(body).u32(length).bytes;
}

void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

Bytes packet_of(bool big, std::uint64_t time, const Bytes& frame) {
  const auto length = static_cast<std::uint32_t>(frame.size());
  return Ordered{big}
      .u32(0)
      .u32(static_cast<std::uint32_t>(time >> 32U))
      .u32(static_cast<std::uint32_t>(time))
      .u32(length)
      .u32(length)
      .raw(frame)
      .bytes;
}

Bytes pcapng(bool big, const std::vector<Bytes>& frames) {
  auto out = block(big, 0x0a0d0d0a, Ordered{big}.u32(0x1a2b3c4d).u16(1).u16(0).u64(~0ULL).bytes);
  append(out, block(big, 1, Ordered{big}.u16(kEthernet).u16(0).u32(0).u16(9).u16(1).raw({9}).u32(0).bytes));
  std::uint64_t time = 1'700'000'000'000'000'000;
  for (const auto& frame : frames) append(out, block(big, 6, packet_of(big, time += 1'000'000, frame)));
  return out;
}

Bytes classic(bool big, std::uint32_t magic, const std::vector<Bytes>& frames) {
  auto out = Ordered{big}.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(kEthernet).bytes;
  std::uint32_t time = 0;
  for (const auto& frame : frames) {
    const auto length = static_cast<std::uint32_t>(frame.size());
    append(out, Ordered{big}.u32(++time).u32(time).u32(length).u32(length + 4).bytes);
    append(out, frame);
  }
  return out;
}

}  // namespace

// The first byte of an input selects the assumptions (Ways), and whether the file in the rest is also replayed:
// making the host's tables takes longer than reading a file.
std::vector<Bytes> fuzz::seeds() {
  std::vector<Bytes> all;
  std::vector<Bytes> frames;
  const auto flush = [&] {
    for (const bool big : {false, true}) {
      for (const auto& file :
           {pcapng(big, frames), classic(big, 0xa1b2c3d4, frames), classic(big, 0xa1b23c4d, frames)}) {
        Bytes seed{static_cast<std::uint8_t>(all.size() % 9 == 0 ? 4 + all.size() % 4 : 0)};
        append(seed, file);
        all.push_back(seed);
      }
    }
    frames.clear();
  };
  for (const auto& row : packet::rows()) {
    frames.push_back(packet::build(row.frame));
    if (frames.size() == kFramesInASeed) flush();
  }
  flush();
  return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  fuzz::Input input{data, size};
  const auto assumed = input.u8();
  file.hold(input.rest());
  try {
    Capture capture{file.path()};
    if ((assumed & 4U) == 0)
      read_all(capture);
    else
      replay_all(capture, {.confirmed = (assumed & 1U) != 0, .inbound = (assumed & 2U) != 0});
  } catch (const SetupError& error) {
    REQUIRE(error.what()[0] != 0);
  }
  return 0;
}
