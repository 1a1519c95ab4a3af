// SPDX-License-Identifier: Apache-2.0
#include "report/status.hpp"

#include <array>
#include <utility>

#include "base/net.hpp"
#include "report/gone.hpp"
#include "report/storm.hpp"
#include "shared/abi.h"

namespace arpline {
namespace {

using nlohmann::json;

constexpr std::array kNames{
#define ARPL_WIRE(class, name, severity, description) #name,
#include "shared/verdicts.def"
};

constexpr std::array kOtherNames{
#define ARPL_OTHER(class, name, severity, description) #name,
#include "shared/verdicts.def"
};

constexpr std::array kEngineNames{
#define ARPL_ENGINE(class, name, severity, description) #name,
#include "shared/verdicts.def"
};

json seconds_ago(std::uint64_t then, std::uint64_t now) {
  if (then == 0) return nullptr;
  return static_cast<double>(now > then ? (now - then) / 1'000'000 : 0) / 1000.0;
}

json text_or_null(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}

// Of CLOCK_MONOTONIC, for whoever compares with a clock of his own.
json number_or_null(std::uint64_t ns) {
  return ns == 0 ? json(nullptr) : json(ns);
}

std::string state_of(const arpl_slot& slot, const std::string& reason, std::uint64_t now) {
  if (!reason.empty()) return "not_served";
  return arpl_slot_confirmed(&slot, now) != 0 ? "confirmed" : "waiting";
}

json to_json(const Claims::Claimant& claimant, const std::string& place, std::uint64_t now) {
  return {{"mac", format_mac(claimant.mac)},
          {"first_seconds_ago", seconds_ago(claimant.first_at, now)},
          {"last_seconds_ago", seconds_ago(claimant.last_at, now)},
          {"times", claimant.times},
          {"from", claimant.way == Claims::Way::wire ? "wire" : "host"},
          {"dropped", claimant.way == Claims::Way::dropped},
          {"party", claim_origin_name(claimant.origin)},
          {"place", text_or_null(place)}};
}

json to_json(const arpl_egress_stats& egress) {
  return {{"seen", egress.seen},
          {"confirmed", egress.confirmed},
          {"claims", egress.claims},
          {"claims_dropped", egress.claims_dropped},
          {"would_drop_claims", egress.would_drop_claims},
          {"strangers", egress.strangers},
          {"self_tests", egress.self_tests}};
}

std::string name_of(OnConflict on_conflict) {
  switch (on_conflict) {
    case OnConflict::never:
      return "never";
    case OnConflict::once:
      return "once";
    case OnConflict::always:
      return "always";
    case OnConflict::alert:
      break;
  }
  return "alert";
}

json to_json(const AnnounceStatus& announce) {
  return {{"on_conflict", name_of(announce.on_conflict)},
          {"refresh_seconds", static_cast<double>(announce.refresh_ns) / ARPL_SECOND_NS},
          {"pps", announce.pps}};
}

json to_json(const SentStatus& sent) {
  return {{"announcements", sent.announcements},
          {"defences", sent.defences},
          {"probes", sent.probes},
          {"asked", sent.asked}};
}

json to_json(const ConflictStatus& conflict, std::uint64_t now) {
  return {{"gave_up", conflict.gave_up},
          {"moves_too_often", conflict.moves_too_often},
          {"silent", conflict.silent},
          {"defended_seconds_ago", seconds_ago(conflict.defended_at, now)},
          {"defences", conflict.defences}};
}

json to_json(const PathStatus& path, std::uint64_t now) {
  constexpr double kMillisecondNs = 1e6;
  const bool answered = path.answered_at != 0;
  return {{"gateway", format_ipv4(path.gateway)},
          {"gateway_mac", path.gateway_mac != 0 ? json(format_mac(path.gateway_mac)) : json(nullptr)},
          {"state", path.state},
          {"since_seconds", seconds_ago(path.since, now)},
          {"answered_seconds_ago", seconds_ago(path.answered_at, now)},
          {"rtt_ms", answered ? json(static_cast<double>(path.rtt_ns) / kMillisecondNs) : json(nullptr)},
          {"host_reaches_gateway", path.host_reaches ? json(*path.host_reaches) : json(nullptr)},
          {"disputed_by", path.disputed_by != 0 ? json(format_mac(path.disputed_by)) : json(nullptr)},
          {"disputed_seconds_ago", seconds_ago(path.disputed_at, now)}};
}

json to_json(const SeenOutside& seen, std::uint64_t now) {
  return {{"times", seen.times},
          {"first_seconds_ago", seconds_ago(seen.first_at, now)},
          {"last_seconds_ago", seconds_ago(seen.last_at, now)}};
}

json to_json(const LoopStatus& loop) {
  constexpr double kMillisecondNs = 1e6;
  return {{"longest_turn_ms", static_cast<double>(loop.longest_ns) / kMillisecondNs},
          {"longest_turn_lately_ms", static_cast<double>(loop.recent_ns) / kMillisecondNs}};
}

json misdirected(const arpl_endpoint_stats& stats, std::uint64_t now) {
  if (stats.misdirected == 0) return nullptr;
  return {{"times", stats.misdirected},
          {"mac", format_mac(stats.misdirected_mac)},
          {"requester", format_ipv4(stats.misdirected_requester)},
          {"last_seconds_ago", seconds_ago(stats.misdirected_at, now)}};
}

json to_json(const EndpointStatus& e, const ParentStatus& p) {
  auto reason = not_served_reason(e.slot);
  const auto state = state_of(e.slot, reason, p.now);
  if (reason.empty() && arpl_slot_contested(&e.slot, p.now) != 0) reason = "contested";
  json claimants = json::array();
  for (const auto& claimant : e.claimants) {
    const auto place = p.claimants.find(claimant.mac);
    claimants.push_back(to_json(claimant, place == p.claimants.end() ? "" : place->second, p.now));
  }
  // Not as an initializer list: it copies, and there may be 65,536 of these.
  json::object_t o;
  o.emplace("parent", visible(p.parent));
  o.emplace("vlan", e.key.vlan);
  o.emplace("address", format_ipv4(e.key.address));
  o.emplace("prefix", e.prefix_bits);
  o.emplace("mac", format_mac(e.slot.word));
  o.emplace("namespace", text_or_null(visible(e.netns)));
  o.emplace("interface", text_or_null(visible(e.interface)));
  o.emplace("state", state);
  o.emplace("reason", text_or_null(reason));
  o.emplace("confirmed_seconds_ago", seconds_ago(e.slot.confirmed_at, p.now));
  o.emplace("heard_at_ns", number_or_null(e.heard_at));
  o.emplace("confirmed_at_ns", number_or_null(e.slot.confirmed_at));
  o.emplace("also_at", text_or_null(e.also_at));
  o.emplace("claimants", std::move(claimants));
  o.emplace("announced_seconds_ago", seconds_ago(e.announced_at, p.now));
  o.emplace("probing", e.probing);
  o.emplace("conflict", to_json(e.conflict, p.now));
  o.emplace("path", e.path ? to_json(*e.path, p.now) : json(nullptr));
  o.emplace("seen_outside", e.seen_outside ? to_json(*e.seen_outside, p.now) : json(nullptr));
  o.emplace("misdirected", misdirected(e.stats, p.now));
  o.emplace("trail", trail_to_json(e.trail, p.now));
  o.emplace("requests", e.stats.requests + e.slot.reflected);
  o.emplace("to_child", e.stats.to_child);
  o.emplace("ringed", e.stats.ringed);
  o.emplace("reflected", e.slot.reflected);
  o.emplace("capped", e.stats.capped);
  o.emplace("fast_path", (e.slot.flags & ARPL_FLAG_SLOW) == 0);
  o.emplace("claims", e.stats.claims);
  o.emplace("last_claimant_mac",
            e.stats.claims != 0 ? json(format_mac(e.stats.last_claimant_mac)) : json(nullptr));
  o.emplace("last_asked_seconds_ago", seconds_ago(e.stats.last_seen, p.now));
  o.emplace("last_requester_mac",
            e.stats.last_seen != 0 ? json(format_mac(e.stats.last_requester_mac)) : json(nullptr));
  o.emplace("last_requester",
            e.stats.last_seen != 0 ? json(format_ipv4(e.stats.last_requester)) : json(nullptr));
  return o;
}

}  // namespace

std::string counter_name(std::size_t index) {
  if (index < kNames.size()) return kNames.at(index);
  return std::string{"would_"} + kNames.at(index - kNames.size() + ARPL_FIRST_ACTING);
}

std::string other_counter_name(std::size_t index) {
  if (index < kOtherNames.size()) return kOtherNames.at(index);
  return std::string{"would_"} + kOtherNames.at(index - kOtherNames.size() + ARPL_FIRST_OTHER_DROP);
}

std::string not_served_reason(const arpl_slot& slot) {
  if (slot.word == 0) return "withdrawn";
  if ((slot.word & ARPL_SLOT_DOWN) != 0) return "down";
  if ((slot.word & ARPL_SLOT_NOARP) != 0) return "noarp";
  if ((slot.word & ARPL_SLOT_HOST_ADDRESS) != 0) return "host_address";
  if ((slot.word & ARPL_SLOT_DUPLICATE) != 0) return "duplicate";
  if ((slot.word & ARPL_SLOT_HOST) != 0) return "host";
  if ((slot.word & ARPL_SLOT_FLUX) != 0) return "flux";
  if ((slot.word & ARPL_SLOT_MODE_SOURCE) != 0) return "mode_source";
  return arpl_slot_unanswered(&slot) != 0 ? "unanswered" : "";
}

json to_json(const ParentStatus& p) {
  json verdicts = json::object();
  for (std::size_t i = 0; i < p.verdicts.size(); ++i) verdicts[counter_name(i)] = p.verdicts[i];
  json other = json::object();
  for (std::size_t i = 0; i < p.other_verdicts.size(); ++i) other[other_counter_name(i)] = p.other_verdicts[i];
  json limits = json::object();
  for (const auto& [name, rate] : p.limits) limits[name] = rate ? json(*rate) : json(nullptr);
  json engine = json::object();
  for (std::size_t i = 0; i < p.engine_verdicts.size(); ++i) engine[kEngineNames.at(i)] = p.engine_verdicts[i];
  json endpoints = json::array();
  for (const auto& e : p.endpoints) endpoints.push_back(to_json(e, p));
  json status{{"parent", visible(p.parent)},
              {"ifindex", p.ifindex},
              {"daemon", p.daemon},
              {"mode", p.observe ? "observe" : "answer"},
              {"lease", p.lease_expires_ns > p.now ? "live" : "expired"},
              {"queues", p.queues},
              {"announcements_lost", p.announcements_lost},
              {"announce", p.announce ? to_json(*p.announce) : json(nullptr)},
              {"sent", p.sent ? to_json(*p.sent) : json(nullptr)},
              {"egress", p.egress},
              {"egress_attached_again", p.egress_attached_again},
              {"reflect_refused", p.reflect_refused ? json(*p.reflect_refused) : json(nullptr)},
              {"loop", p.loop ? to_json(*p.loop) : json(nullptr)},
              {"egress_counters", to_json(p.egress_counts)},
              {"pins", visible(p.pins)},
              {"verdicts", verdicts},
              {"other_verdicts", other},
              {"engine_verdicts", engine},
              {"fast_path", p.fast_path},
              {"limits", limits},
              {"storm", storm_to_json(p.storm)},
              {"found", p.found},
              {"withdrawn", p.withdrawn},
              {"neighbours", p.neighbours},
              {"warnings", p.warnings},
              {"endpoints", std::move(endpoints)}};
  if (p.senders) status["senders"] = senders_to_json(*p.senders);
  return status;
}

}  // namespace arpline
