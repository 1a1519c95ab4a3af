// SPDX-License-Identifier: Apache-2.0
#include "arpline/doctor/replies.hpp"

#include <utility>

#include "arpline/doctor/words.hpp"

namespace arpline::doctor {
namespace {

using nlohmann::json;

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

ForeignText name_at(const json& object, const char* key) {
  return from_visible(text_at(object, key));
}

std::optional<double> seconds_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::uint64_t number_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool is_true(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && *found == true;
}

// An empty object where there is none, or null.
const json& object_at(const json& object, const char* key) {
  static const json none = json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}

std::uint8_t prefix_at(const json& object) {
  const auto bits = number_at(object, "prefix");
  return bits <= 32 ? static_cast<std::uint8_t>(bits) : 0;
}

// An empty list where there is none.
const json& list_at(const json& object, const char* key) {
  static const json none = json::array();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_array() ? *found : none;
}

Claimant claimant_in(const json& object) {
  return {.mac = parse_mac(text_at(object, "mac")).value_or(0),
          .first_seconds_ago = seconds_at(object, "first_seconds_ago"),
          .last_seconds_ago = seconds_at(object, "last_seconds_ago"),
          .times = number_at(object, "times"),
          .from = text_at(object, "from"),
          .party = text_at(object, "party"),
          .dropped = is_true(object, "dropped")};
}

// A daemon that lists no claimants still names the last one.
std::vector<Claimant> claimants_in(const json& object) {
  std::vector<Claimant> claimants;
  for (const auto& one : list_at(object, "claimants"))
    if (one.is_object()) claimants.push_back(claimant_in(one));
  if (!claimants.empty()) return claimants;
  if (const auto last = parse_mac(text_at(object, "last_claimant_mac")))
    claimants.push_back({.mac = *last, .times = number_at(object, "claims")});
  return claimants;
}

std::vector<Step> trail_in(const json& object) {
  std::vector<Step> trail;
  for (const auto& step : list_at(object, "trail"))
    if (step.is_object())
      trail.push_back(
          {.seconds_ago = seconds_at(step, "seconds_ago").value_or(0), .event = text_at(step, "event")});
  return trail;
}

Conflict conflict_in(const json& object) {
  return {.gave_up = is_true(object, "gave_up"),
          .moves_too_often = is_true(object, "moves_too_often"),
          .defended_seconds_ago = seconds_at(object, "defended_seconds_ago"),
          .defences = number_at(object, "defences")};
}

std::optional<Path> path_in(const json& object) {
  const auto gateway = parse_ipv4(text_at(object, "gateway"));
  if (!gateway) return std::nullopt;
  Path path{.gateway = *gateway,
            .gateway_mac = parse_mac(text_at(object, "gateway_mac")).value_or(0),
            .state = text_at(object, "state"),
            .since_seconds = seconds_at(object, "since_seconds").value_or(0),
            .answered_seconds_ago = seconds_at(object, "answered_seconds_ago"),
            .rtt_ms = seconds_at(object, "rtt_ms")};
  const auto host = object.find("host_reaches_gateway");
  if (host != object.end() && host->is_boolean()) path.host_reaches = host->get<bool>();
  return path;
}

std::optional<SeenOutside> seen_outside_in(const json& object) {
  if (number_at(object, "times") == 0) return std::nullopt;
  return SeenOutside{.times = number_at(object, "times"),
                     .first_seconds_ago = seconds_at(object, "first_seconds_ago").value_or(0),
                     .last_seconds_ago = seconds_at(object, "last_seconds_ago").value_or(0)};
}

std::optional<Misdirected> misdirected_in(const json& object) {
  if (number_at(object, "times") == 0) return std::nullopt;
  return Misdirected{.times = number_at(object, "times"),
                     .mac = parse_mac(text_at(object, "mac")).value_or(0),
                     .requester = parse_ipv4(text_at(object, "requester")).value_or(0),
                     .last_seconds_ago = seconds_at(object, "last_seconds_ago").value_or(0)};
}

std::optional<KnownEndpoint> endpoint_in(const json& object) {
  const auto address = object.is_object() ? parse_ipv4(text_at(object, "address")) : std::nullopt;
  if (!address) return std::nullopt;
  KnownEndpoint endpoint;
  endpoint.address = *address;
  endpoint.vlan = static_cast<std::uint16_t>(number_at(object, "vlan"));
  endpoint.mac = parse_mac(text_at(object, "mac")).value_or(0);
  endpoint.prefix_bits = prefix_at(object);
  endpoint.reason = text_at(object, "reason");
  endpoint.claims = number_at(object, "claims");
  endpoint.claimants = claimants_in(object);
  endpoint.asked_seconds_ago = seconds_at(object, "last_asked_seconds_ago");
  endpoint.last_requester = parse_ipv4(text_at(object, "last_requester")).value_or(0);
  endpoint.last_requester_mac = parse_mac(text_at(object, "last_requester_mac")).value_or(0);
  endpoint.heard_at_ns = number_at(object, "heard_at_ns");
  endpoint.announced_seconds_ago = seconds_at(object, "announced_seconds_ago");
  endpoint.probing = is_true(object, "probing");
  endpoint.conflict = conflict_in(object_at(object, "conflict"));
  endpoint.path = path_in(object_at(object, "path"));
  endpoint.seen_outside = seen_outside_in(object_at(object, "seen_outside"));
  endpoint.misdirected = misdirected_in(object_at(object, "misdirected"));
  endpoint.trail = trail_in(object);
  return endpoint;
}

std::optional<Tombstone> tombstone_in(const json& object) {
  const auto address = object.is_object() ? parse_ipv4(text_at(object, "address")) : std::nullopt;
  if (!address) return std::nullopt;
  Tombstone gone{.address = *address,
                 .prefix_bits = prefix_at(object),
                 .mac = parse_mac(text_at(object, "mac")).value_or(0),
                 .netns = name_at(object, "namespace"),
                 .interface = name_at(object, "interface"),
                 .seconds_ago = seconds_at(object, "seconds_ago").value_or(0),
                 .lived_seconds = seconds_at(object, "lived_seconds"),
                 .reason = text_at(object, "reason"),
                 .trail = trail_in(object)};
  return gone;
}

}  // namespace

std::vector<KnownEndpoint> endpoints_in(const json& parent) {
  std::vector<KnownEndpoint> endpoints;
  for (const auto& one : list_at(parent, "endpoints"))
    if (auto endpoint = endpoint_in(one)) endpoints.push_back(std::move(*endpoint));
  return endpoints;
}

std::optional<Announce> announce_in(const json& parent) {
  const auto& announce = object_at(parent, "announce");
  const auto refresh = seconds_at(announce, "refresh_seconds");
  if (!refresh) return std::nullopt;
  return Announce{.refresh_seconds = *refresh, .pps = number_at(announce, "pps")};
}

std::vector<Tombstone> tombstones_in(const json& reply, const ForeignText& parent) {
  std::vector<Tombstone> gone;
  for (const auto& one : list_at(reply, "gone")) {
    if (!one.is_object() || name_at(one, "parent") != parent) continue;
    if (auto tombstone = tombstone_in(one)) gone.push_back(std::move(*tombstone));
  }
  return gone;
}

}  // namespace arpline::doctor
