// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include <fmt/format.h>

#include <cctype>
#include <utility>

#include "report/table.hpp"

namespace arpline {
namespace {

std::string text_or_dash(const ForeignText& text) {
  return text.empty() ? "-" : visible(text);
}

std::string ago(std::optional<double> seconds) {
  if (!seconds) return "-";
  const auto s = *seconds;
  if (s < 120) return fmt::format("{:.0f}s ago", s);
  return s < 7200 ? fmt::format("{:.0f}m ago", s / 60) : fmt::format("{:.0f}h ago", s / 3600);
}

std::string state(const EndpointStatus& e) {
  const auto text =
      e.state == "not_served" ? "not served: " + e.reason : e.state + (e.reason.empty() ? "" : ", " + e.reason);
  return e.probing ? text + ", probing" : text;
}

std::string path(const std::optional<PathStatus>& path) {
  if (!path) return "-";
  if (path->state != "reachable") return fmt::format("{} {}", path->state, format_ipv4(path->gateway));
  return path->rtt_ms ? fmt::format("{} {:.2f}ms", path->state, *path->rtt_ms) : path->state;
}

std::string conflict(const ConflictStatus& conflict) {
  if (conflict.gave_up) return "given up";
  if (conflict.moves_too_often) return "moves too often";
  if (!conflict.defended_seconds_ago) return "-";
  return fmt::format("defended {}", ago(conflict.defended_seconds_ago));
}

std::string last_asked(const EndpointStatus& e) {
  if (!e.last_requester) return "-";
  return fmt::format("{} ({}) {}", format_ipv4(*e.last_requester), format_mac(e.last_requester_mac.value_or(0)),
                     ago(e.last_asked_seconds_ago));
}

TableRow row_of(const EndpointStatus& e) {
  return {text_or_dash(e.parent),
          e.vlan == 0 ? "-" : std::to_string(e.vlan),
          format_ipv4(e.address),
          format_mac(e.mac),
          text_or_dash(e.netns),
          text_or_dash(e.interface),
          state(e),
          path(e.path),
          conflict(e.conflict),
          ago(e.confirmed_seconds_ago),
          std::to_string(e.counters.to_child),
          std::to_string(e.counters.ringed),
          std::to_string(e.counters.reflected),
          std::to_string(e.counters.claims),
          last_asked(e)};
}

std::string counters(const std::string& title, const Counts& counts) {
  std::string text;
  for (const auto& [name, value] : counts)
    if (value != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  return text.empty() ? "" : fmt::format("{}: {}\n", title, text);
}

std::string neighbours(const std::optional<NeighboursStatus>& n) {
  if (!n) return "";
  const auto part =
      n->asked > n->room
          ? fmt::format("; of {} that the limits allow in 5 s there is room for {}", n->asked, n->room)
          : std::string{};
  const auto exempt = n->not_counted.value_or(0);
  return fmt::format("neighbours: {} of {}{}{}\n", n->entries, n->limit,
                     exempt > 0 ? fmt::format(", {} of them do not count", exempt) : "", part);
}

std::string loop_text(const std::optional<LoopStatus>& loop) {
  if (!loop) return "";
  return fmt::format("control loop: longest turn {:.1f} ms, lately {:.1f} ms\n", loop->longest_turn_ms,
                     loop->longest_turn_lately_ms);
}

std::string refused_text(std::optional<std::uint64_t> refused) {
  if (refused.value_or(0) == 0) return "";
  return fmt::format("answers that the driver did not send: {}\n", *refused);
}

std::string head_of(const ParentStatus& p) {
  auto text = fmt::format(
      "{} (ifindex {}): {}, mode {}, lease {}, fast path {}, {} ring{}, egress {}\n", visible(p.parent),
      p.ifindex, p.daemon ? "daemon running" : "DAEMON DOWN, this is what the pinned maps hold", p.mode,
      p.lease, p.fast_path == "on" ? "on" : "off", p.queues, p.queues == 1 ? "" : "s", p.egress);
  text += fmt::format("pins: {}\n", visible(p.pins));
  for (const auto& warning : p.warnings) text += "WARNING: " + warning + "\n";
  return text + neighbours(p.neighbours);
}

std::string parent_text(const ParentStatus& p) {
  std::vector<TableRow> rows{{"PARENT", "VLAN", "ADDRESS", "MAC", "NAMESPACE", "INTERFACE", "STATE", "PATH",
                              "CONFLICT", "CONFIRMED", "TO CHILD", "RINGED", "REFLECTED", "CLAIMS",
                              "LAST ASKED BY"}};
  for (const auto& e : p.endpoints) rows.push_back(row_of(e));
  // Most hosts have no conflicts and many have no gateway to probe: empty columns are left out.
  return head_of(p) +
         (rows.size() > 1 ? table(without_empty(std::move(rows), {"PATH", "CONFLICT"})) : "no endpoints\n") +
         counters("verdicts", p.verdicts) + counters("not ARP", p.other_verdicts) +
         refused_text(p.driver.reflect_refused) + counters("engine", p.engine_verdicts) +
         counters("egress", by_name(p.egress_counters)) +
         counters("sent", p.sent ? by_name(*p.sent) : Counts{}) + loop_text(p.loop);
}

TableRow row_of(const SenderStatus& sender) {
  TableRow row{format_mac(sender.mac), text_or_dash(sender.netns), text_or_dash(sender.interface)};
#define ARPL_SENDER(name, unit, description) row.push_back(std::to_string(sender.counters.name));
#include "shared/counters.def"
  return row;
}

std::string upper_case(std::string name) {
  for (auto& c : name) c = c == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string origin(const LimitStatus& limit) {
  return limit.quarter_of ? "a quarter of " + *limit.quarter_of : limit.from;
}

std::string rate_of(const std::optional<Number>& rate) {
  return rate ? JsonWriter::json_of(*rate).dump() : "off";
}

}  // namespace

std::string to_text(const StatusAnswer& status) {
  std::string text;
  for (const auto& parent : status.parents) text += (text.empty() ? "" : "\n") + parent_text(parent);
  for (const auto& waiting : status.waiting)
    text += fmt::format("{}: WAITING, tried again in {:.0f} s: {}\n", visible(waiting.parent),
                        waiting.next_try_seconds, waiting.reason);
  return text;
}

std::string senders_to_text(const std::vector<ParentStatus>& parents) {
  TableRow heads{"MAC", "NAMESPACE", "INTERFACE"};
#define ARPL_SENDER(name, unit, description) heads.push_back(upper_case(#name));
#include "shared/counters.def"
  std::string text;
  for (const auto& parent : parents) {
    std::vector<TableRow> rows{heads};
    if (parent.senders)
      for (const auto& sender : *parent.senders) rows.push_back(row_of(sender));
    text += fmt::format("{}{}: ARP frames of the host and its containers, by sender\n",
                        text.empty() ? "" : "\n", visible(parent.parent));
    text += table(rows);
  }
  return text;
}

std::string to_text(const GoneAnswer& answer) {
  std::string text;
  for (const auto& one : answer.gone) {
    text += fmt::format("{} ({}{}) of {}/{} on {}, {:.1f} s ago: {}\n", format_ipv4(one.address),
                        format_mac(one.mac), one.vlan == 0 ? "" : fmt::format(", vlan {}", one.vlan),
                        visible(one.netns), visible(one.interface), visible(one.parent), one.seconds_ago,
                        one.reason);
    for (const auto& step : one.trail)
      text += fmt::format("  {:8.1f} s ago  {}\n", step.seconds_ago, step.event);
  }
  return text.empty() ? "nothing has gone since the daemon started\n" : text;
}

std::string to_text(const std::vector<LimitAnswer>& parents) {
  std::vector<TableRow> rows{{"PARENT", "LIMIT", "FRAMES/S", "IN FORCE", "FROM", "WHAT"}};
  for (const auto& parent : parents)
    for (const auto& limit : parent.limits)
      rows.push_back({visible(parent.parent), limit.name,
                      limit.rate ? std::to_string(*limit.rate) : std::string{"off"}, rate_of(limit.in_force),
                      origin(limit), limit.what});
  auto text = table(rows);
  for (const auto& parent : parents)
    if (!parent.note.empty()) text += fmt::format("{}: {}\n", visible(parent.parent), parent.note);
  return text;
}

}  // namespace arpline
