// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "report/status.hpp"
#include "report/table.hpp"

namespace arpline {
namespace {

using nlohmann::json;

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : "-";
}

std::string ago(const json& seconds) {
  if (!seconds.is_number()) return "-";
  const auto s = seconds.get<double>();
  if (s < 120) return fmt::format("{:.0f}s ago", s);
  return s < 7200 ? fmt::format("{:.0f}m ago", s / 60) : fmt::format("{:.0f}h ago", s / 3600);
}

std::string state(const json& e) {
  const auto served = text_of(e["state"]) != "not_served";
  const auto reason = e["reason"].is_string() ? text_of(e["reason"]) : "";
  const auto text =
      !served ? "not served: " + reason : text_of(e["state"]) + (reason.empty() ? "" : ", " + reason);
  return e["probing"].get<bool>() ? text + ", probing" : text;
}

std::string path(const json& e) {
  const auto& path = e["path"];
  if (path.is_null()) return "-";
  const auto name = text_of(path["state"]);
  if (name != "reachable") return fmt::format("{} {}", name, text_of(path["gateway"]));
  return path["rtt_ms"].is_number() ? fmt::format("{} {:.2f}ms", name, path["rtt_ms"].get<double>()) : name;
}

std::string conflict(const json& e) {
  const auto& conflict = e["conflict"];
  if (conflict["gave_up"].get<bool>()) return "given up";
  if (conflict["moves_too_often"].get<bool>()) return "moves too often";
  if (!conflict["defended_seconds_ago"].is_number()) return "-";
  return fmt::format("defended {}", ago(conflict["defended_seconds_ago"]));
}

std::string last_asked(const json& e) {
  if (!e["last_requester"].is_string()) return "-";
  return fmt::format("{} ({}) {}", text_of(e["last_requester"]), text_of(e["last_requester_mac"]),
                     ago(e["last_asked_seconds_ago"]));
}

TableRow row_of(const json& e) {
  const auto vlan = e["vlan"].get<int>();
  return {text_of(e["parent"]),
          vlan == 0 ? "-" : std::to_string(vlan),
          text_of(e["address"]),
          text_of(e["mac"]),
          text_of(e["namespace"]),
          text_of(e["interface"]),
          state(e),
          path(e),
          conflict(e),
          ago(e["confirmed_seconds_ago"]),
          std::to_string(e["to_child"].get<std::uint64_t>()),
          std::to_string(e["ringed"].get<std::uint64_t>()),
          std::to_string(e["reflected"].get<std::uint64_t>()),
          std::to_string(e["claims"].get<std::uint64_t>()),
          last_asked(e)};
}

std::string counters(const std::string& title, const json& counts) {
  std::string text;
  for (const auto& [name, value] : counts.items()) {
    if (value != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value.get<std::uint64_t>());
  }
  return text.empty() ? "" : fmt::format("{}: {}\n", title, text);
}

std::string loop_text(const json& loop) {
  if (loop.is_null()) return "";
  return fmt::format("control loop: longest turn {:.1f} ms, lately {:.1f} ms\n",
                     loop["longest_turn_ms"].get<double>(), loop["longest_turn_lately_ms"].get<double>());
}

std::string refused_text(const json& refused) {
  if (!refused.is_number() || refused == 0) return "";
  return fmt::format("answers that the driver did not send: {}\n", refused.get<std::uint64_t>());
}

std::string waiting_text(const json& waiting) {
  return fmt::format("{}: WAITING, tried again in {:.0f} s: {}\n", text_of(waiting["parent"]),
                     waiting["next_try_seconds"].get<double>(), text_of(waiting["reason"]));
}

std::string neighbours(const json& n) {
  if (n.is_null()) return "";
  const auto asked = n["asked"].get<std::uint64_t>();
  const auto room = n["room"].get<std::uint64_t>();
  const auto part = asked > room
                        ? fmt::format("; of {} that the limits allow in 5 s there is room for {}", asked, room)
                        : std::string{};
  const auto exempt = n["not_counted"].is_number() ? n["not_counted"].get<std::uint64_t>() : 0;
  return fmt::format("neighbours: {} of {}{}{}\n", n["entries"].get<std::uint64_t>(),
                     n["limit"].get<std::uint64_t>(),
                     exempt > 0 ? fmt::format(", {} of them do not count", exempt) : "", part);
}

std::string parent_text(const json& p) {
  const bool daemon = p["daemon"].get<bool>();
  auto text = fmt::format("{} (ifindex {}): {}, mode {}, lease {}, fast path {}, {} ring{}, egress {}\n",
                          text_of(p["parent"]), p["ifindex"].get<int>(),
                          daemon ? "daemon running" : "DAEMON DOWN, this is what the pinned maps hold",
                          text_of(p["mode"]), text_of(p["lease"]), p["fast_path"] == "on" ? "on" : "off",
                          p["queues"].get<int>(), p["queues"] == 1 ? "" : "s", text_of(p["egress"]));
  text += fmt::format("pins: {}\n", text_of(p["pins"]));
  for (const auto& warning : p["warnings"]) text += "WARNING: " + text_of(warning) + "\n";
  text += neighbours(p["neighbours"]);
  std::vector<TableRow> rows{{"PARENT", "VLAN", "ADDRESS", "MAC", "NAMESPACE", "INTERFACE", "STATE", "PATH",
                              "CONFLICT", "CONFIRMED", "TO CHILD", "RINGED", "REFLECTED", "CLAIMS",
                              "LAST ASKED BY"}};
  for (const auto& e : p["endpoints"]) rows.push_back(row_of(e));
  // Most hosts have no conflict, and many no gateway to ask.
  text += rows.size() > 1 ? table(without_empty(std::move(rows), {"PATH", "CONFLICT"})) : "no endpoints\n";
  return text + counters("verdicts", p["verdicts"]) + counters("not ARP", p["other_verdicts"]) +
         refused_text(p["reflect_refused"]) + counters("engine", p["engine_verdicts"]) +
         counters("egress", p["egress_counters"]) + counters("sent", p["sent"]) + loop_text(p["loop"]);
}

}  // namespace

std::string to_text(const json& status) {
  std::string text;
  for (const auto& parent : status["parents"]) text += (text.empty() ? "" : "\n") + parent_text(parent);
  if (status.contains("waiting"))
    for (const auto& waiting : status["waiting"]) text += waiting_text(waiting);
  return text;
}

}  // namespace arpline
