// SPDX-License-Identifier: Apache-2.0
#include "arpgen/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "arpgen/range.hpp"

namespace arpline::gen {
namespace {

constexpr std::size_t kWorst = 10;

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

// Three significant digits.
std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

std::string counts_row(const StreamResult& stream, double seconds, std::string_view name) {
  const auto& answers = stream.answers;
  return fmt::format("{:>12} {:>8} {:>12} {:>8} {:>8} {:>10} {:>10} {:>10} {:>12}  {}\n", stream.frames,
                     format_amount(per_second(stream.frames, seconds)), answers.answered,
                     format_amount(per_second(answers.answered, seconds)),
                     stream.asked > 0 ? format_ratio(ratio(stream)) : "-", answers.late, answers.duplicate,
                     wrong(answers), unanswered(stream), name);
}

std::string latency_row(const StreamResult& stream, std::string_view name) {
  const Latency latency = latency_of(stream);
  std::string row;
  for (const auto ns : {latency.min, latency.mean, latency.p50, latency.p90, latency.p99, latency.p99_9,
                        latency.p99_99, latency.max})
    row += fmt::format("{:>9} ", format_ns(ns));
  return row + fmt::format(" {}\n", name);
}

std::string latency_table(const Results& results, const StreamResult& all, std::string_view all_name) {
  std::string text = "\nlatency\n";
  for (const auto* name : {"min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"})
    text += fmt::format("{:>9} ", name);
  text += " traffic\n";
  if (results.streams.size() > 1)
    for (const auto& stream : results.streams)
      if (stream.answers.timed > 0) text += latency_row(stream, stream.name);
  return text + latency_row(all, all_name);
}

// Only the counters that are not 0; in a good run all of them are.
std::string details(const arpgen_answers& answers) {
  constexpr std::size_t kNames = 5;
  const std::array<std::pair<std::uint64_t, std::string_view>, kNames> counts{{
      {answers.wrong_mac, "by another MAC than before, or not that of the Ethernet source"},
      {answers.wrong_target, "not to the requester's MAC"},
      {answers.broadcast, "by broadcast"},
      {answers.unasked, "to requests that are not known"},
      {answers.echoed, "requests that came back as requests"},
  }};
  std::string lines;
  for (const auto& [count, what] : counts)
    if (count > 0) lines += fmt::format("{:>12} {}\n", count, what);
  return lines.empty() ? "" : "\nwrong\n" + lines;
}

std::vector<AddressResult> worst_first(const Results& results) {
  auto sorted = results.addresses;
  std::ranges::stable_sort(sorted, std::greater<>{}, &AddressResult::unanswered);
  return sorted;
}

// --count-only does not count by address.
std::string targets_table(const Results& results, bool per_address) {
  if (std::ranges::none_of(results.addresses, [](const auto& one) { return one.asked > 0; })) return "";
  auto shown = worst_first(results);
  const auto bad = static_cast<std::size_t>(
      std::ranges::count_if(shown, [](const auto& address) { return address.unanswered() > 0; }));
  std::string text = fmt::format("\n{} of {} targets have unanswered requests\n", bad, shown.size());
  if (!per_address) shown.resize(std::min(bad, kWorst));
  if (shown.empty()) return text;
  text += fmt::format("{:<15}  {:>4}  {:<17}  {:>12} {:>12} {:>12}\n", "address", "vlan", "mac", "asked",
                      "answered", "unanswered");
  for (const auto& one : shown)
    text += fmt::format("{:<15}  {:>4}  {:<17}  {:>12} {:>12} {:>12}\n", format_host(one.address),
                        one.vlan != 0 ? std::to_string(one.vlan) : "-",
                        one.mac != 0 ? format_mac(one.mac) : "-", one.asked, one.answered, one.unanswered());
  if (!per_address && bad > kWorst)
    text += fmt::format("… and {} more; --per-address shows all\n", bad - kWorst);
  return text;
}

StreamResult difference(const StreamResult& before, const StreamResult& now) {
  StreamResult change = now;
  change.frames -= before.frames;
  change.asked -= before.asked;
  change.answers.answered -= before.answers.answered;
  change.answers.late -= before.answers.late;
  change.answers.duplicate -= before.answers.duplicate;
  change.answers.wrong_mac -= before.answers.wrong_mac;
  change.answers.wrong_target -= before.answers.wrong_target;
  change.answers.broadcast -= before.answers.broadcast;
  for (std::size_t i = 0; i < std::min(change.histogram.size(), before.histogram.size()); ++i)
    change.histogram[i] -= before.histogram[i];
  return change;
}

}  // namespace

std::string format_amount(double amount) {
  if (amount >= 999.5e6) return three_digits(amount / 1e9) + " G";
  if (amount >= 999.5e3) return three_digits(amount / 1e6) + " M";
  if (amount >= 999.5) return three_digits(amount / 1e3) + " k";
  return fmt::format("{:.0f}", amount);
}

std::string format_ns(std::uint64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns == 0) return "-";
  if (value >= 999.5e6) return three_digits(value / 1e9) + " s";
  if (value >= 999.5e3) return three_digits(value / 1e6) + " ms";
  if (value >= 999.5) return three_digits(value / 1e3) + " us";
  return fmt::format("{} ns", ns);
}

std::string format_ratio(double ratio) {
  const double percent = 100 * ratio;
  if (ratio > 0 && percent < 0.005) return "<0.01 %";
  if (ratio < 1 && percent >= 99.995) return "99.99 %";
  return fmt::format("{:.2f} %", percent);
}

std::string to_table(const Results& results, bool per_address) {
  const StreamResult all = total(results);
  std::string text =
      fmt::format("{} by {}, seed {}: {:.2f} s, deadline {} ms\n\n", visible(results.interface), results.source,
                  results.seed, results.seconds, results.deadline_ns / 1'000'000);
  text += fmt::format("{:>12} {:>8} {:>12} {:>8} {:>8} {:>10} {:>10} {:>10} {:>12}  {}\n", "offered", "/s",
                      "answered", "/s", "ratio", "late", "duplicate", "wrong", "unanswered", "traffic");
  if (results.streams.size() > 1)
    for (const auto& stream : results.streams) text += counts_row(stream, results.seconds, stream.name);
  const std::string all_name = results.streams.size() == 1 ? results.streams.front().name : "all";
  text += counts_row(all, results.seconds, all_name);
  if (all.asked == 0)
    return text + "\nnothing of it is a request that somebody should answer\n" + details(all.answers);

  if (all.answers.timed > 0) text += latency_table(results, all, all_name);
  return text + details(all.answers) + targets_table(results, per_address);
}

std::string live_line(const Results& previous, const Results& current, double seconds) {
  const StreamResult now = total(current);
  const StreamResult change = difference(total(previous), now);
  return fmt::format(
      "{:>4.0f} s  offered {:>6}/s answered {:>6}/s {:>8} late {} dup {} wrong {}  p50 {} p99 {}",
      current.seconds, format_amount(per_second(change.frames, seconds)),
      format_amount(per_second(change.answers.answered, seconds)),
      change.asked > 0 ? format_ratio(ratio(change)) : "-",
      format_amount(static_cast<double>(change.answers.late)),
      format_amount(static_cast<double>(change.answers.duplicate)),
      format_amount(static_cast<double>(wrong(change.answers))), format_ns(percentile(change.histogram, 0.5)),
      format_ns(percentile(change.histogram, 0.99)));
}

}  // namespace arpline::gen
