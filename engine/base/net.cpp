// SPDX-License-Identifier: Apache-2.0
#include "base/net.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

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

}  // namespace arpline
