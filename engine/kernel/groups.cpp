// SPDX-License-Identifier: Apache-2.0
#include "kernel/groups.hpp"

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>

#include "shared/abi.h"

namespace arpline {
namespace {

constexpr std::size_t kMacDigits = 12;
constexpr unsigned kByteBits = 8;

// Parses "3333ff000005", whose first two digits are the address's first byte.
std::optional<Mac> mac_of(const std::string& digits) {
  std::uint64_t number = 0;
  const auto* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, number, 16);
  if (error != std::errc{} || rest != end || digits.size() != kMacDigits) return std::nullopt;
  Mac mac = 0;
  for (unsigned i = 0; i < 6; ++i) mac |= (number >> (kByteBits * i) & 0xff) << (kByteBits * (5 - i));
  return mac;
}

}  // namespace

// Each line has: ifindex, name, users, global users, address.
std::set<Mac> parse_groups(std::istream& text, int ifindex) {
  std::set<Mac> groups;
  for (std::string line; groups.size() <= ARPL_MAX_GROUPS && std::getline(text, line);) {
    std::istringstream words(line);
    int index = 0;
    std::string name;
    std::string users;
    std::string global;
    std::string digits;
    if (!(words >> index >> name >> users >> global >> digits) || index != ifindex) continue;
    if (const auto mac = mac_of(digits)) groups.insert(*mac);
  }
  return groups;
}

// Reads thread-self: /proc/net is that of the process, but this thread may be in a container's namespace.
std::optional<std::set<Mac>> joined_groups(int ifindex) {
  std::ifstream text("/proc/thread-self/net/dev_mcast");
  if (!text) return std::nullopt;
  return parse_groups(text, ifindex);
}

}  // namespace arpline
