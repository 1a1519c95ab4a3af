// SPDX-License-Identifier: Apache-2.0
#include "report/gone.hpp"

#include <fmt/format.h>

namespace arpline {
namespace {

using nlohmann::json;

double seconds(std::uint64_t from, std::uint64_t to) {
  return static_cast<double>(to > from ? (to - from) / 1'000'000 : 0) / 1000.0;
}

json to_json(const Tombstone& tombstone, std::uint64_t now) {
  return {
      {"parent", visible(tombstone.parent)},
      {"vlan", tombstone.key.vlan},
      {"address", format_ipv4(tombstone.key.address)},
      {"mac", format_mac(tombstone.mac)},
      {"namespace", visible(tombstone.netns)},
      {"interface", visible(tombstone.interface)},
      {"seconds_ago", seconds(tombstone.gone_at, now)},
      {"lived_seconds", tombstone.up_at ? json(seconds(*tombstone.up_at, tombstone.gone_at)) : json(nullptr)},
      {"reason", reason_of(tombstone)},
      {"trail", trail_to_json(tombstone.trail, now)}};
}

}  // namespace

json trail_to_json(std::span<const InterfaceEvent> trail, std::uint64_t now) {
  json steps = json::array();
  for (const auto& one : trail)
    steps.push_back({{"seconds_ago", seconds(one.at, now)}, {"event", describe(one)}});
  return steps;
}

json gone_to_json(const History& history, const ForeignText& parent, std::uint64_t now) {
  json gone = json::array();
  const auto& tombstones = history.tombstones();
  for (auto one = tombstones.rbegin(); one != tombstones.rend(); ++one)
    if (one->parent == parent) gone.push_back(to_json(*one, now));
  return gone;
}

std::string gone_to_text(const json& gone) {
  std::string text;
  for (const auto& one : gone) {
    const auto vlan = one.at("vlan").get<int>();
    text += fmt::format("{} ({}{}) of {}/{} on {}, {:.1f} s ago: {}\n", one.at("address").get<std::string>(),
                        one.at("mac").get<std::string>(), vlan == 0 ? "" : fmt::format(", vlan {}", vlan),
                        one.at("namespace").get<std::string>(), one.at("interface").get<std::string>(),
                        one.at("parent").get<std::string>(), one.at("seconds_ago").get<double>(),
                        one.at("reason").get<std::string>());
    for (const auto& event : one.at("trail"))
      text += fmt::format("  {:8.1f} s ago  {}\n", event.at("seconds_ago").get<double>(),
                          event.at("event").get<std::string>());
  }
  return text.empty() ? "nothing has gone since the daemon started\n" : text;
}

}  // namespace arpline
