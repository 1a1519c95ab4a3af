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
  const auto served = text_of(e.at("state")) != "not_served";
  const auto reason = e.at("reason").is_string() ? text_of(e.at("reason")) : "";
  const auto text =
      !served ? "not served: " + reason : text_of(e.at("state")) + (reason.empty() ? "" : ", " + reason);
  return e.at("probing").get<bool>() ? text + ", probing" : text;
}

std::string path(const json& e) {
  const auto& path = e.at("path");
  if (path.is_null()) return "-";
  const auto name = text_of(path.at("state"));
  if (name != "reachable") return fmt::format("{} {}", name, text_of(path.at("gateway")));
  return path.at("rtt_ms").is_number() ? fmt::format("{} {:.2f}ms", name, path.at("rtt_ms").get<double>())
                                       : name;
}

std::string conflict(const json& e) {
  const auto& conflict = e.at("conflict");
  if (conflict.at("gave_up").get<bool>()) return "given up";
  if (conflict.at("moves_too_often").get<bool>()) return "moves too often";
  if (!conflict.at("defended_seconds_ago").is_number()) return "-";
  return fmt::format("defended {}", ago(conflict.at("defended_seconds_ago")));
}

std::string last_asked(const json& e) {
  if (!e.at("last_requester").is_string()) return "-";
  return fmt::format("{} ({}) {}", text_of(e.at("last_requester")), text_of(e.at("last_requester_mac")),
                     ago(e.at("last_asked_seconds_ago")));
}

TableRow row_of(const json& e) {
  const auto vlan = e.at("vlan").get<int>();
  return {text_of(e.at("parent")),
          vlan == 0 ? "-" : std::to_string(vlan),
          text_of(e.at("address")),
          text_of(e.at("mac")),
          text_of(e.at("namespace")),
          text_of(e.at("interface")),
          state(e),
          path(e),
          conflict(e),
          ago(e.at("confirmed_seconds_ago")),
          std::to_string(e.at("to_child").get<std::uint64_t>()),
          std::to_string(e.at("ringed").get<std::uint64_t>()),
          std::to_string(e.at("reflected").get<std::uint64_t>()),
          std::to_string(e.at("claims").get<std::uint64_t>()),
          last_asked(e)};
}

std::string counters(const std::string& title, const json& counts) {
  std::string text;
  for (const auto& [name, value] : counts.items()) {
    if (value != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value.get<std::uint64_t>());
  }
  return text.empty() ? "" : fmt::format("{}: {}\n", title, text);
}

std::string neighbours(const json& n) {
  if (n.is_null()) return "";
  const auto asked = n.at("asked").get<std::uint64_t>();
  const auto room = n.at("room").get<std::uint64_t>();
  const auto part = asked > room
                        ? fmt::format("; of {} that the limits allow in 5 s there is room for {}", asked, room)
                        : std::string{};
  const auto exempt = n.at("not_counted").is_number() ? n.at("not_counted").get<std::uint64_t>() : 0;
  return fmt::format("neighbours: {} of {}{}{}\n", n.at("entries").get<std::uint64_t>(),
                     n.at("limit").get<std::uint64_t>(),
                     exempt > 0 ? fmt::format(", {} of them do not count", exempt) : "", part);
}

std::string loop_text(const json& loop) {
  if (loop.is_null()) return "";
  return fmt::format("control loop: longest turn {:.1f} ms, lately {:.1f} ms\n",
                     loop.at("longest_turn_ms").get<double>(), loop.at("longest_turn_lately_ms").get<double>());
}

std::string refused_text(const json& refused) {
  if (!refused.is_number() || refused == 0) return "";
  return fmt::format("answers that the driver did not send: {}\n", refused.get<std::uint64_t>());
}

std::string waiting_text(const json& waiting) {
  return fmt::format("{}: WAITING, tried again in {:.0f} s: {}\n", text_of(waiting.at("parent")),
                     waiting.at("next_try_seconds").get<double>(), text_of(waiting.at("reason")));
}

std::string parent_text(const json& p) {
  const bool daemon = p.at("daemon").get<bool>();
  auto text = fmt::format(
      "{} (ifindex {}): {}, mode {}, lease {}, fast path {}, {} ring{}, egress {}\n", text_of(p.at("parent")),
      p.at("ifindex").get<int>(), daemon ? "daemon running" : "DAEMON DOWN, this is what the pinned maps hold",
      text_of(p.at("mode")), text_of(p.at("lease")), p.at("fast_path") == "on" ? "on" : "off",
      p.at("queues").get<int>(), p.at("queues") == 1 ? "" : "s", text_of(p.at("egress")));
  text += fmt::format("pins: {}\n", text_of(p.at("pins")));
  for (const auto& warning : p.at("warnings")) text += "WARNING: " + text_of(warning) + "\n";
  text += neighbours(p.at("neighbours"));
  std::vector<TableRow> rows{{"PARENT", "VLAN", "ADDRESS", "MAC", "NAMESPACE", "INTERFACE", "STATE", "PATH",
                              "CONFLICT", "CONFIRMED", "TO CHILD", "RINGED", "REFLECTED", "CLAIMS",
                              "LAST ASKED BY"}};
  for (const auto& e : p.at("endpoints")) rows.push_back(row_of(e));
  // Most hosts have no conflict, and many no gateway to ask.
  text += rows.size() > 1 ? table(without_empty(std::move(rows), {"PATH", "CONFLICT"})) : "no endpoints\n";
  return text + counters("verdicts", p.at("verdicts")) + counters("not ARP", p.at("other_verdicts")) +
         refused_text(p.at("reflect_refused")) + counters("engine", p.at("engine_verdicts")) +
         counters("egress", p.at("egress_counters")) + counters("sent", p.at("sent")) + loop_text(p.at("loop"));
}

}  // namespace

std::string to_text(const json& status) {
  std::string text;
  for (const auto& parent : status.at("parents")) text += (text.empty() ? "" : "\n") + parent_text(parent);
  if (status.contains("waiting"))
    for (const auto& waiting : status.at("waiting")) text += waiting_text(waiting);
  return text;
}

}  // namespace arpline
