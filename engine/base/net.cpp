// SPDX-License-Identifier: Apache-2.0
#include "base/net.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/ethernet.h>
#include <netinet/ether.h>

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

std::optional<Mac> parse_mac(std::string_view text) {
  ether_addr address{};
  if (ether_aton_r(std::string{text}.c_str(), &address) == nullptr) return std::nullopt;
  return mac_from_bytes(address.ether_addr_octet);
}

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string{text}.c_str(), &address) != 1) return std::nullopt;
  return address.s_addr;
}

Mac mac_from_bytes(const void* bytes) {
  return arpl_load_mac(static_cast<const std::uint8_t*>(bytes));
}

}  // namespace arpline
