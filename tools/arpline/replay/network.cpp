// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/command.hpp"
#include "base/error.hpp"
#include "control/limits.hpp"
#include "kernel/maps.hpp"

namespace arpline::replay {
namespace {

constexpr unsigned kLongestPrefix = 32;
constexpr unsigned kHighestVlan = 4094;
// The switches taken from the served parent; replay has its own filter, its own neighbour table and one queue.
constexpr __u64 kKeptSwitches =
    ARPL_LIMIT_OBSERVE | ARPL_LIMIT_HIDDEN_TAGS | ARPL_LIMIT_FAST_PATH | ARPL_LIMIT_CLAIMS_DROP;

// Parses a number that takes up the whole text.
template <class T>
bool read_number(std::string_view text, unsigned most, T& number) {
  unsigned value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  number = static_cast<T>(value);
  return error == std::errc{} && rest == text.data() + text.size() && value <= most;
}

bool is_unicast(Mac mac) {
  return mac != 0 && (mac & ARPL_MAC_MULTICAST_BIT) == 0;
}

void add(Network& network, Desired endpoint) {
  const auto same = [&](const Desired& other) {
    return other.key.address == endpoint.key.address && other.key.vlan == endpoint.key.vlan;
  };
  if (std::ranges::any_of(network.endpoints, same))
    throw SetupError(fmt::format("{} is an endpoint twice in this VLAN", format_ipv4(endpoint.key.address)));
  network.own_macs.emplace(endpoint.word & ARPL_MAC_MASK, Whose::container);
  network.endpoints.push_back(std::move(endpoint));
}

Desired desired_of(const StaticEndpoint& one, const std::vector<Pattern>& slow) {
  const auto matches = [&](const Pattern& pattern) {
    return pattern.matches("-", "static", one.address, one.mac);
  };
  return {.key = {.address = one.address, .vlan = one.vlan, .zero = 0},
          .word = one.mac,
          .prefix_bits = one.prefix_bits,
          .slow = std::ranges::any_of(slow, matches)};
}

const ParentConfig& chosen_parent(const Config& config, const NetworkRequest& request) {
  if (!request.parent.empty()) return *std::ranges::find(config.parents, request.parent, &ParentConfig::name);
  if (config.parents.size() == 1) return config.parents.front();
  throw SetupError(request.config + ": has several parents; choose one with --parent NAME");
}

Network configured(const NetworkRequest& request) {
  std::vector<std::string> names;
  // Without a configuration file there is no parent, and any name will do.
  if (!request.parent.empty() || request.config.empty())
    names.push_back(request.parent.empty() ? "-" : request.parent);
  const auto config = load_config(request.config, names);
  const auto& parent = chosen_parent(config, request);
  Network network{.limits = limits_for(config, config.limits, {.fast_path = parent.fast_path}, {}),
                  .ring = !parent.generic_xdp};
  for (const auto& one : parent.statics) add(network, desired_of(one, parent.fast_path_exclude));
  return network;
}

Network served(const std::string& interface, const Roots& roots) {
  const auto parents = find_parents(roots, interface, Looker::root);
  const auto maps =
      parents.empty() ? std::nullopt : Maps::open_pinned(roots.pins + "/" + parents.front().text(), false);
  if (!maps)
    throw SetupError(fmt::format("{}: arpline is not attached to it; see: {}", visible(interface),
                                 Command("arpline status --parent={}", interface).text()));
  Network network{.limits = maps->limits()};
  network.limits.flags &= kKeptSwitches;
  network.limits.neigh_full_ns = 0;
  network.limits.host_awaits = 0;
  for (const auto& [mac, sender] : maps->senders())
    network.own_macs.emplace(mac, sender.host != 0 ? Whose::host : Whose::container);
  for (const auto& [key, value] : maps->endpoints()) {
    if (value.slot >= maps->slots().size()) continue;
    const auto& slot = maps->slots()[value.slot];
    if (slot.word == 0) continue;
    network.endpoints.push_back({.key = key,
                                 .word = slot.word,
                                 .prefix_bits = value.prefix_bits,
                                 .slow = (slot.flags & ARPL_FLAG_SLOW) != 0});
    network.own_macs.emplace(slot.word & ARPL_MAC_MASK, Whose::container);
  }
  return network;
}

}  // namespace

StaticEndpoint endpoint_from_text(const std::string& text) {
  const auto fail = [&](std::string_view what) {
    throw SetupError(
        fmt::format("--endpoint {}: {}; write it as 10.0.0.5/24=02:42:0a:00:00:05@100, prefix and VLAN only "
                    "where there are any",
                    text, what));
  };
  const auto equals = text.find('=');
  if (equals == std::string::npos) fail("there is no =");
  const auto written = text.substr(0, equals);
  const auto slash = written.find('/');
  const auto at = text.find('@', equals);
  StaticEndpoint endpoint;
  const auto address = ipv4_from_text(written.substr(0, slash));
  if (!address || *address == 0) fail("no IPv4 address");
  endpoint.address = *address;
  if (slash != std::string::npos &&
      !read_number(std::string_view{written}.substr(slash + 1), kLongestPrefix, endpoint.prefix_bits))
    fail("the prefix length must be 0 to 32");
  const auto mac = mac_from_text(text.substr(equals + 1, at == std::string::npos ? at : at - equals - 1));
  if (!mac || !is_unicast(*mac)) fail("no MAC address of an interface");
  endpoint.mac = *mac;
  if (at != std::string::npos &&
      !read_number(std::string_view{text}.substr(at + 1), kHighestVlan, endpoint.vlan))
    fail("the VLAN must be 0 (untagged) to 4094");
  return endpoint;
}

Network network_of(const NetworkRequest& request, const Roots& roots) {
  auto network = request.like.empty() ? configured(request) : served(request.like, roots);
  for (const auto& text : request.endpoints) add(network, desired_of(endpoint_from_text(text), {}));
  for (const auto& text : request.own_macs) {
    const auto mac = mac_from_text(text);
    if (!mac || !is_unicast(*mac)) throw SetupError("--own-mac " + text + ": no MAC address of an interface");
    network.own_macs.emplace(*mac, Whose::host);
  }
  if (network.endpoints.empty()) {
    throw SetupError(
        "there is no endpoint to replay for; give --endpoint IP=MAC, --like IF, or --config FILE with static "
        "endpoints "
        "of the parent");
  }
  if (network.endpoints.size() > ARPL_MAX_ENDPOINTS)
    throw SetupError(fmt::format("there are more than {} endpoints", ARPL_MAX_ENDPOINTS));
  return network;
}

}  // namespace arpline::replay
