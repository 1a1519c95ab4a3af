// SPDX-License-Identifier: Apache-2.0
#include "config/selection.hpp"

#include <charconv>
#include <optional>
#include <set>

#include "base/net.hpp"
#include "shared/packet.h"

namespace arpline {
namespace {

constexpr std::int64_t kHighestVlan = 4094;
constexpr const char* kAddressForms = R"("10.0.0.5" or "10.0.0.5/24")";

struct ParsedAddress {
  Ipv4 address = 0;
  std::optional<std::uint8_t> prefix_bits;
};

ParsedAddress address_of(const ConfigEntry& entry) {
  const auto text = value_of<std::string>(entry, kAddressForms);
  const auto slash = text.find('/');
  const auto address = ipv4_from_text(text.substr(0, slash));
  if (!address) entry.fail(fmt::format(R"("{}" is no IPv4 address; write it as {})", text, kAddressForms));
  if (slash == std::string::npos) return {*address, std::nullopt};
  unsigned bits = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, bits);
  if (error != std::errc{} || rest != end || bits > 32) {
    entry.fail(fmt::format(R"("{}": the prefix length must be 0 to 32)", text));
  }
  return {*address, static_cast<std::uint8_t>(bits)};
}

std::uint32_t host_part(std::uint8_t prefix_bits) {
  return prefix_bits == 0 ? 0xffffffffU : ~(0xffffffffU << (32 - prefix_bits));
}

// No host answers ARP for these addresses.
void require_host_address(const ConfigEntry& entry, const ParsedAddress& parsed) {
  const auto address = arpl_swap32(parsed.address);
  const auto first = address >> 24;
  if (first == 0 || first == 127 || (first & 0xf0) == 224 || address == 0xffffffffU) {
    entry.fail("must be a host's address: not 0.…, 127.…, multicast or broadcast");
  }
  if (!parsed.prefix_bits || *parsed.prefix_bits > 30) return;
  const auto host = host_part(*parsed.prefix_bits);
  if ((address & host) == 0 || (address & host) == host) {
    entry.fail("must be a host's address: not its subnet's own or its broadcast address");
  }
}

Mac mac_of(const ConfigEntry& entry) {
  const auto text = value_of<std::string>(entry, R"(a MAC address such as "52:54:00:12:34:56")");
  const auto mac = mac_from_text(text);
  if (!mac) entry.fail(fmt::format(R"("{}" is no MAC address; write it as "52:54:00:12:34:56")", text));
  if (*mac == 0 || (*mac & 1) != 0) entry.fail("must be one interface's MAC: not zero, multicast or broadcast");
  return *mac;
}

std::uint16_t vlan_of(const ConfigEntry& entry) {
  const auto vlan = value_of<std::int64_t>(entry, "a VLAN id");
  if (vlan < 0 || vlan > kHighestVlan) entry.fail(fmt::format("must be 0 (untagged) to {}", kHighestVlan));
  return static_cast<std::uint16_t>(vlan);
}

std::string shell_pattern_of(const ConfigEntry& entry) {
  auto text = value_of<std::string>(entry, R"(a shell pattern such as "eth*")");
  if (text.empty()) entry.fail("must not be empty");
  return text;
}

const Keys<StaticEndpoint> kStatic{
    {"ip",
     [](StaticEndpoint& s, const ConfigEntry& e) {
       const auto parsed = address_of(e);
       require_host_address(e, parsed);
       s.address = parsed.address;
       s.prefix_bits = parsed.prefix_bits.value_or(0);
     }},
    {"mac", [](StaticEndpoint& s, const ConfigEntry& e) { s.mac = mac_of(e); }},
    {"vlan", [](StaticEndpoint& s, const ConfigEntry& e) { s.vlan = vlan_of(e); }},
};

const Keys<Pattern> kPattern{
    {"interface", [](Pattern& s, const ConfigEntry& e) { s.interface = shell_pattern_of(e); }},
    {"namespace", [](Pattern& s, const ConfigEntry& e) { s.netns = shell_pattern_of(e); }},
    {"address",
     [](Pattern& s, const ConfigEntry& e) {
       const auto parsed = address_of(e);
       const auto bits = parsed.prefix_bits.value_or(32);
       s.address = {.network = parsed.address & arpl_swap32(~host_part(bits)), .prefix_bits = bits};
     }},
    {"mac", [](Pattern& s, const ConfigEntry& e) { s.mac = mac_of(e); }},
};

}  // namespace

std::vector<StaticEndpoint> static_endpoints_of(const ConfigEntry& array) {
  std::vector<StaticEndpoint> all;
  std::set<std::pair<std::uint16_t, Ipv4>> taken;
  for (const auto& [endpoint, entry] : apply_each(kStatic, array)) {
    if (endpoint.address == 0) entry.fail("ip is missing");
    if (endpoint.mac == 0) entry.fail("mac is missing");
    if (!taken.emplace(endpoint.vlan, endpoint.address).second) {
      entry.fail(format_ipv4(endpoint.address) + " is there twice in this VLAN");
    }
    all.push_back(endpoint);
  }
  return all;
}

std::vector<Pattern> patterns_of(const ConfigEntry& array) {
  std::vector<Pattern> all;
  for (auto& [pattern, entry] : apply_each(kPattern, array)) {
    if (pattern == Pattern{}) entry.fail("needs at least one of interface, namespace, address and mac");
    all.push_back(pattern);
  }
  return all;
}

std::vector<Ipv4> hosts_of(const ConfigEntry& array) {
  if (!array.node.is_array()) array.fail("expected an array of addresses");
  std::vector<Ipv4> all;
  for (const auto& node : *array.node.as_array()) {
    const ConfigEntry entry{array.file, fmt::format("{}[{}]", array.key, all.size()), node};
    const auto parsed = address_of(entry);
    if (parsed.prefix_bits) entry.fail("must be one address, without a prefix length");
    require_host_address(entry, parsed);
    all.push_back(parsed.address);
  }
  return all;
}

}  // namespace arpline
