// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/words.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/neighbour.h>
#include <netinet/ether.h>

#include <algorithm>
#include <cctype>

namespace arpline::doctor {

bool covers(const InterfaceAddress& subnet, Ipv4 address) {
  return covers(subnet.address, subnet.prefix_bits, address);
}

std::string text(const InterfaceAddress& address) {
  return fmt::format("{}/{}", format_ipv4(address.address), address.prefix_bits);
}

std::optional<Ipv4> parse_ipv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return address.s_addr;
}

std::optional<Mac> parse_mac(const std::string& text) {
  ether_addr bytes{};
  if (text.empty() || ether_aton_r(text.c_str(), &bytes) == nullptr) return std::nullopt;
  const Mac mac = mac_from_bytes(&bytes);
  // ether_aton() accepts more spellings than this: only a text that formats back to itself is a MAC address.
  auto lower = text;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return format_mac(mac) == lower ? std::optional{mac} : std::nullopt;
}

std::string place(const NetnsFacts& netns, const Device& device) {
  return visible(netns.name) + "/" + visible(device.name);
}

std::string place(const Child& child) {
  return place(*child.netns, *child.device) + " on " + visible(child.parent->link.name);
}

std::string duration(double seconds) {
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  if (seconds < 2 * kMinute) return fmt::format("{:.1f} s", seconds);
  if (seconds < 2 * kHour) return fmt::format("{:.0f} min", seconds / kMinute);
  return fmt::format("{:.0f} h", seconds / kHour);
}

int arp_ignore(const NetnsFacts& netns, const Device& device) {
  return std::max(netns.all.arp_ignore, device.arp_ignore);
}

int rp_filter(const NetnsFacts& netns, const Device& device) {
  return std::max(netns.all.rp_filter, device.rp_filter);
}

bool answers_for_others(const NetnsFacts& netns, const Device& device) {
  return device.up && !device.noarp && arp_ignore(netns, device) == 0;
}

const Route* route_to(const NetnsFacts& netns, Ipv4 address) {
  const Route* best = nullptr;
  for (const auto& route : netns.routes) {
    if (!covers(route.destination, route.prefix_bits, address)) continue;
    const bool better = best == nullptr || route.prefix_bits > best->prefix_bits ||
                        (route.prefix_bits == best->prefix_bits && route.metric < best->metric);
    if (better) best = &route;
  }
  return best;
}

Command set_sysctl(const NetnsFacts& netns, const ForeignText& interface, const char* key, int value) {
  auto written = interface.raw();
  if (shell_word(interface) != written) {
    const ForeignText file{fmt::format("/proc/sys/net/ipv4/conf/{}/{}", written, key)};
    return Command{"{}sh -c {}", netns.enter, Command{"echo {} > {}", value, file}.text()};
  }
  std::ranges::replace(written, '.', '/');
  return Command{"{}sysctl -w {}={}", netns.enter, fmt::format("net.ipv4.conf.{}.{}", written, key), value};
}

const Device* find_device(const NetnsFacts& netns, int ifindex) {
  const auto found = std::ranges::find(netns.devices, ifindex, &Device::ifindex);
  return found == netns.devices.end() ? nullptr : &*found;
}

bool resolved(const Neighbour& neighbour) {
  return (neighbour.state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)) != 0;
}

Owner owner_of(const Facts& facts, Mac mac) {
  for (const auto& parent : facts.parents)
    if (parent.link.mac == mac) return {&facts.host(), find_device(facts.host(), parent.link.ifindex)};
  auto namespaces = near_namespaces(facts);
  for (const auto& netns : facts.namespaces) namespaces.push_back(&netns);
  for (const auto* netns : namespaces)
    for (const auto& device : netns->devices)
      if (device.mac == mac && !device.loopback) return {netns, &device};
  return {};
}

}  // namespace arpline::doctor
