// SPDX-License-Identifier: Apache-2.0
#include "sim/trace.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace arpline::sim {

// The finalizer of splitmix64.
void Trace::mix(std::uint64_t word) noexcept {
  hash_ += word + 0x9e3779b97f4a7c15U;
  hash_ = (hash_ ^ hash_ >> 30U) * 0xbf58476d1ce4e5b9U;
  hash_ = (hash_ ^ hash_ >> 27U) * 0x94d049bb133111ebU;
}

Trace::Record& Trace::next(std::string_view what) {
  if (last_.size() < kLast) last_.emplace_back();
  auto& record = last_[records_++ % kLast];
  record.when = queue_.now();
  record.what = what;
  mix(raw(record.when));
  for (const char letter : what) mix(static_cast<std::uint8_t>(letter));
  return record;
}

void Trace::frame(std::string_view what, const Packet& packet) {
  auto& record = next(what);
  record.has_packet = true;
  record.packet = packet;
  const auto& a = packet.arp;
  mix(a.eth_dst ^ std::uint64_t{a.vlan} << 48U);
  mix(a.eth_src ^ static_cast<std::uint64_t>(packet.kind) << 48U);
  mix(a.sender_mac ^ std::uint64_t{a.op} << 48U);
  mix(a.target_mac);
  mix(std::uint64_t{a.sender_ip} << 32U | a.target_ip);
  mix(packet.number);
}

void Trace::event(std::string_view what, std::uint64_t a, std::uint64_t b) {
  auto& record = next(what);
  record.has_packet = false;
  record.a = a;
  record.b = b;
  mix(a);
  mix(b);
}

std::vector<std::string> Trace::lines(std::size_t most) const {
  std::vector<std::string> lines;
  const auto count = std::min({std::uint64_t{most}, records_, std::uint64_t{kLast}});
  for (auto i = records_ - count; i < records_; ++i) {
    const auto& record = last_[i % kLast];
    const auto rest =
        record.has_packet ? describe(record.packet) : fmt::format("{:x} {}", record.a, format_mac(record.b));
    lines.push_back(fmt::format("{:12.6f} {:<24} {}", in_seconds(record.when), record.what, rest));
  }
  return lines;
}

}  // namespace arpline::sim
