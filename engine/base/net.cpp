// SPDX-License-Identifier: Apache-2.0
#include "base/net.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "shared/packet.h"

namespace arpline {

std::string format_mac(Mac mac) {
  std::uint8_t b[6];
  arpl_store_mac(b, mac);
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", b[0], b[1], b[2], b[3], b[4], b[5]);
}

std::string format_ipv4(Ipv4 address) {
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &address, text, sizeof text);
}

Mac mac_from_bytes(const void* bytes) {
  return arpl_load_mac(static_cast<const std::uint8_t*>(bytes));
}

std::optional<Mac> mac_from_text(const std::string& text) {
  std::array<std::uint8_t, 6> bytes{};
  if (text.size() != bytes.size() * 3 - 1) return std::nullopt;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto* digits = text.data() + i * 3;
    const auto [rest, error] = std::from_chars(digits, digits + 2, bytes.at(i), 16);
    if (error != std::errc{} || rest != digits + 2) return std::nullopt;
    if (i + 1 < bytes.size() && digits[2] != ':') return std::nullopt;
  }
  return mac_from_bytes(bytes.data());
}

std::optional<Ipv4> ipv4_from_text(const std::string& text) {
  Ipv4 address = 0;
  if (text.find('\0') != std::string::npos || inet_pton(AF_INET, text.c_str(), &address) != 1)
    return std::nullopt;
  return address;
}

Ipv4 netmask(unsigned prefix_bits) {
  return prefix_bits == 0 ? 0 : arpl_swap32(0xffffffffU << (32U - std::min(prefix_bits, 32U)));
}

bool covers(Ipv4 network, unsigned prefix_bits, Ipv4 address) {
  return ((network ^ address) & netmask(prefix_bits)) == 0;
}

}  // namespace arpline
