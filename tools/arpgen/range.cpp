// SPDX-License-Identifier: Apache-2.0
#include "arpgen/range.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"
#include "base/net.hpp"

namespace arpline::gen {
namespace {

constexpr unsigned kAddressBits = 32;

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw SetupError(fmt::format("{}: {}; write 10.0.0.1, 10.0.0.1-10.0.0.9 or 10.0.0.0/24", text, why));
}

std::uint32_t parse_address(std::string_view range, std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string{text}.c_str(), &address) != 1)
    refuse(range, fmt::format("\"{}\" is no IPv4 address", text));
  return ntohl(address.s_addr);
}

Range from_to(std::string_view text, std::uint32_t first, std::uint32_t last) {
  if (first > last) refuse(text, "ends before it begins");
  const std::uint64_t count = std::uint64_t{last} - first + 1;
  if (count >> kAddressBits != 0) refuse(text, "too many addresses");
  return {first, static_cast<std::uint32_t>(count)};
}

Range prefix(std::string_view text, std::uint32_t address, std::string_view length) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc{} || end != length.data() + length.size() || bits > kAddressBits)
    refuse(text, fmt::format("\"{}\" is no prefix length", length));
  const auto hosts = static_cast<std::uint32_t>((std::uint64_t{1} << (kAddressBits - bits)) - 1);
  return from_to(text, address & ~hosts, address | hosts);
}

}  // namespace

Range parse_range(std::string_view text) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos)
    return prefix(text, parse_address(text, text.substr(0, slash)), text.substr(slash + 1));
  if (const auto dash = text.find('-'); dash != std::string_view::npos)
    return from_to(text, parse_address(text, text.substr(0, dash)), parse_address(text, text.substr(dash + 1)));
  return {parse_address(text, text), 1};
}

std::string format_host(std::uint32_t address) {
  return format_ipv4(htonl(address));
}

std::string format_range(const Range& range) {
  if (range.count == 1) return format_host(range.first);
  return fmt::format("{}-{}", format_host(range.first), format_host(range.last()));
}

}  // namespace arpline::gen
