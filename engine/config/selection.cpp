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

struct Written {
  Ipv4 address = 0;
  std::optional<std::uint8_t> prefix_bits;
};

Written address_of(const Place& place) {
  const auto text = value_of<std::string>(place, kAddressForms);
  const auto slash = text.find('/');
  const auto address = ipv4_from_text(text.substr(0, slash));
  if (!address) place.fail(fmt::format(R"("{}" is no IPv4 address; write it as {})", text, kAddressForms));
  if (slash == std::string::npos) return {*address, std::nullopt};
  unsigned bits = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, bits);
  if (error != std::errc{} || rest != end || bits > 32) {
    place.fail(fmt::format(R"("{}": the prefix length must be 0 to 32)", text));
  }
  return {*address, static_cast<std::uint8_t>(bits)};
}

std::uint32_t host_part(std::uint8_t prefix_bits) {
  return prefix_bits == 0 ? 0xffffffffU : ~(0xffffffffU << (32 - prefix_bits));
}

// No host answers ARP for these addresses.
void refuse_no_host(const Place& place, const Written& written) {
  const auto address = arpl_swap32(written.address);
  const auto first = address >> 24;
  if (first == 0 || first == 127 || (first & 0xf0) == 224 || address == 0xffffffffU) {
    place.fail("must be a host's address: not 0.…, 127.…, multicast or broadcast");
  }
  if (!written.prefix_bits || *written.prefix_bits > 30) return;
  const auto host = host_part(*written.prefix_bits);
  if ((address & host) == 0 || (address & host) == host) {
    place.fail("must be a host's address: not its subnet's own or its broadcast address");
  }
}

Mac mac_of(const Place& place) {
  const auto text = value_of<std::string>(place, R"(a MAC address such as "52:54:00:12:34:56")");
  const auto mac = mac_from_text(text);
  if (!mac) place.fail(fmt::format(R"("{}" is no MAC address; write it as "52:54:00:12:34:56")", text));
  if (*mac == 0 || (*mac & 1) != 0) place.fail("must be one interface's MAC: not zero, multicast or broadcast");
  return *mac;
}

std::uint16_t vlan_of(const Place& place) {
  const auto vlan = value_of<std::int64_t>(place, "a VLAN id");
  if (vlan < 0 || vlan > kHighestVlan) place.fail(fmt::format("must be 0 (untagged) to {}", kHighestVlan));
  return static_cast<std::uint16_t>(vlan);
}

std::string shell_pattern_of(const Place& place) {
  auto text = value_of<std::string>(place, R"(a shell pattern such as "eth*")");
  if (text.empty()) place.fail("must not be empty");
  return text;
}

const Keys<StaticEndpoint> kStatic{
    {"ip",
     [](StaticEndpoint& e, const Place& p) {
       const auto written = address_of(p);
       refuse_no_host(p, written);
       e.address = written.address;
       e.prefix_bits = written.prefix_bits.value_or(0);
     }},
    {"mac", [](StaticEndpoint& e, const Place& p) { e.mac = mac_of(p); }},
    {"vlan", [](StaticEndpoint& e, const Place& p) { e.vlan = vlan_of(p); }},
};

const Keys<Pattern> kPattern{
    {"interface", [](Pattern& e, const Place& p) { e.interface = shell_pattern_of(p); }},
    {"namespace", [](Pattern& e, const Place& p) { e.netns = shell_pattern_of(p); }},
    {"address",
     [](Pattern& e, const Place& p) {
       const auto written = address_of(p);
       const auto bits = written.prefix_bits.value_or(32);
       e.address = {.network = written.address & arpl_swap32(~host_part(bits)), .prefix_bits = bits};
     }},
    {"mac", [](Pattern& e, const Place& p) { e.mac = mac_of(p); }},
};

}  // namespace

std::vector<StaticEndpoint> static_endpoints_of(const Place& place) {
  std::vector<StaticEndpoint> all;
  std::set<std::pair<std::uint16_t, Ipv4>> taken;
  for (const auto& [endpoint, entry] : apply_each(kStatic, place)) {
    if (endpoint.address == 0) entry.fail("ip is missing");
    if (endpoint.mac == 0) entry.fail("mac is missing");
    if (!taken.emplace(endpoint.vlan, endpoint.address).second) {
      entry.fail(format_ipv4(endpoint.address) + " is there twice in this VLAN");
    }
    all.push_back(endpoint);
  }
  return all;
}

std::vector<Pattern> patterns_of(const Place& place) {
  std::vector<Pattern> all;
  for (auto& [pattern, entry] : apply_each(kPattern, place)) {
    if (pattern == Pattern{}) entry.fail("needs at least one of interface, namespace, address and mac");
    all.push_back(pattern);
  }
  return all;
}

std::vector<Ipv4> hosts_of(const Place& place) {
  if (!place.node.is_array()) place.fail("expected an array of addresses");
  std::vector<Ipv4> all;
  for (const auto& node : *place.node.as_array()) {
    const Place entry{place.file, fmt::format("{}[{}]", place.key, all.size()), node};
    const auto written = address_of(entry);
    if (written.prefix_bits) entry.fail("must be one address, without a prefix length");
    refuse_no_host(entry, written);
    all.push_back(written.address);
  }
  return all;
}

}  // namespace arpline
