// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <string_view>

#include "base/net.hpp"
#include "report/table.hpp"

namespace arpline::replay {
namespace {

using nlohmann::json;

std::string_view description_of(arpl_sent sent) {
  switch (sent) {
    case ARPL_SENT_CONFIRMS:
      return "an endpoint's kernel answers: confirmed";
    case ARPL_SENT_CLAIMS:
      return "a claim of an endpoint's address";
    case ARPL_SENT_DROPPED:
      return "a claim of an endpoint's address, which would not leave the host";
    case ARPL_SENT_HEARD:
    case ARPL_SENT_SELF_TEST:
      break;
  }
  return "by this host";
}

std::string person(std::uint64_t mac, Ipv4 address) {
  return fmt::format("{} ({})", format_ipv4(address), format_mac(mac));
}

std::string what_is_said(const FrameView& view) {
  const auto& arp = view.arp;
  if (view.parsed != ARPL_PARSED) return "cannot be read";
  const auto sender = person(arp.sender_mac, arp.sender_ip);
  const auto target = format_ipv4(arp.target_ip);
  if (arp.sender_ip == arp.target_ip) return sender + " announces itself";
  if (arp.op == ARPL_OP_REPLY)
    return fmt::format("{} answers {}", sender, person(arp.target_mac, arp.target_ip));
  if (arp.op != ARPL_OP_REQUEST) return fmt::format("{} sends operation {} to {}", sender, arp.op, target);
  if (arp.sender_ip == 0) return fmt::format("{} probes for {}", format_mac(arp.sender_mac), target);
  return fmt::format("{} asks for {}", sender, target);
}

std::string when(std::uint64_t ns) {
  const auto second = static_cast<std::time_t>(ns / ARPL_SECOND_NS);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:09} UTC", fmt::gmtime(second), ns % ARPL_SECOND_NS);
}

json endpoints_of(json endpoints) {
  for (auto& one : endpoints) {
    // These come from the daemon or its clock, which replay does not have.
    for (const auto* key : {"parent", "namespace", "interface", "also_at", "claimants", "trail", "heard_at_ns",
                            "confirmed_at_ns", "fast_path"})
      one.erase(key);
    one["answered"] = one["ringed"].get<std::uint64_t>() + one["reflected"].get<std::uint64_t>();
  }
  return endpoints;
}

std::string warnings(const json& sums, Ways ways) {
  std::string text;
  if (const auto back = sums["back_in_time"].get<std::uint64_t>(); back != 0)
    text += fmt::format(
        "WARNING: {} frames have an earlier time than one before them: taken as of that one's\n", back);
  if (const auto cut = sums["cut"].get<std::uint64_t>(); cut != 0)
    text +=
        fmt::format("WARNING: {} ARP frames were captured too short to be read (snap length): left out\n", cut);
  std::uint64_t asked = 0;
  for (const auto& endpoint : sums["endpoints"]) asked += endpoint["requests"].get<std::uint64_t>();
  if (!ways.confirmed && asked != 0 && sums["egress_counters"]["confirmed"] == 0) {
    text +=
        "WARNING: no reply of an endpoint is in this capture: arpline answers only what it has heard the "
        "kernel answer; "
        "with --confirmed the kernels answer whatever is handed to them\n";
  }
  return text;
}

std::string verdicts(const json& counts) {
  std::vector<TableRow> rows{{"VERDICT", "FRAMES", "WHAT"}};
  for (std::size_t i = 0; i < ARPL_VERDICT_COUNTERS; ++i) {
    const auto name = counter_name(i);
    const auto count = counts[name].get<std::uint64_t>();
    if (count != 0) rows.push_back({name, std::to_string(count), std::string{counter_description(i)}});
  }
  return rows.size() > 1 ? table(rows) : "no ARP frame came in from the wire\n";
}

std::string line(std::string_view title, const json& counts) {
  std::string text;
  for (const auto& [name, value] : counts.items())
    if (value != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value.get<std::uint64_t>());
  return text.empty() ? "" : fmt::format("{}: {}\n", title, text);
}

TableRow row_of(const json& e) {
  const auto number = [&](const char* key) { return std::to_string(e[key].get<std::uint64_t>()); };
  const auto text = [&](const char* key) { return e[key].is_string() ? e[key].get<std::string>() : "-"; };
  return {e["vlan"] == 0 ? "-" : number("vlan"),
          text("address"),
          text("mac"),
          e["reason"].is_string() ? "not served: " + text("reason") : text("state"),
          number("requests"),
          number("to_child"),
          number("answered"),
          number("claims"),
          e["last_requester"].is_string()
              ? fmt::format("{} ({})", text("last_requester"), text("last_requester_mac"))
              : "-"};
}

}  // namespace

std::string name_of(const Seen& seen) {
  return seen.kind == Kind::received ? counter_name(seen.counter) : "sent";
}

std::string comment_of(const Seen& seen) {
  return fmt::format(
      "{}: {}", name_of(seen),
      seen.kind == Kind::received ? counter_description(seen.counter) : description_of(seen.sent));
}

std::string line_of(const Seen& seen, std::uint64_t first_ns) {
  const auto since = seen.time_ns - first_ns;
  const auto vlan = seen.view.parsed == ARPL_PARSED && seen.view.arp.vlan != 0
                        ? fmt::format(" in VLAN {}", seen.view.arp.vlan)
                        : "";
  return fmt::format("{:>6}.{:09}  {:<16}  {}{}\n", since / ARPL_SECOND_NS, since % ARPL_SECOND_NS,
                     name_of(seen), what_is_said(seen.view), vlan);
}

json to_json(const ReplayHost& host) {
  const auto& sums = host.sums();
  auto status = arpline::to_json(host.status());
  return {{"frames", sums.frames},
          {"not_arp", sums.not_arp},
          {"cut", sums.cut},
          {"back_in_time", sums.back_in_time},
          {"first_ns", sums.first_ns},
          {"last_ns", sums.last_ns},
          {"mode", status["mode"]},
          {"fast_path", status["fast_path"]},
          {"verdicts", std::move(status["verdicts"])},
          {"engine_verdicts", std::move(status["engine_verdicts"])},
          {"egress_counters", std::move(status["egress_counters"])},
          {"assumed_answers", sums.assumed},
          {"endpoints", endpoints_of(std::move(status["endpoints"]))}};
}

std::string to_text(const json& sums, Ways ways) {
  const auto frames = sums["frames"].get<std::uint64_t>();
  const auto other = sums["not_arp"].get<std::uint64_t>();
  auto text = fmt::format("{} frames, {} of them ARP; mode {}, fast path {}\n", frames, frames - other,
                          sums["mode"].get<std::string>(), sums["fast_path"].get<std::string>());
  if (frames != 0) {
    const auto first = sums["first_ns"].get<std::uint64_t>();
    const auto last = sums["last_ns"].get<std::uint64_t>();
    text += fmt::format("{} to {}: {:.3f} s\n", when(first), when(last),
                        static_cast<double>(last - first) / static_cast<double>(ARPL_SECOND_NS));
  }
  text += warnings(sums, ways) + "\n" + verdicts(sums["verdicts"]) + line("engine", sums["engine_verdicts"]) +
          line("sent by the host and its containers", sums["egress_counters"]);
  if (const auto assumed = sums["assumed_answers"].get<std::uint64_t>(); assumed != 0)
    text += fmt::format("answers of kernels that were assumed (--confirmed): {}\n", assumed);
  std::vector<TableRow> rows{
      {"VLAN", "ADDRESS", "MAC", "STATE", "REQUESTS", "TO CHILD", "ANSWERED", "CLAIMS", "LAST ASKED BY"}};
  for (const auto& endpoint : sums["endpoints"]) rows.push_back(row_of(endpoint));
  return text + "\n" + table(rows);
}

}  // namespace arpline::replay
