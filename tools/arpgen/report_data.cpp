// SPDX-License-Identifier: Apache-2.0
// The reports for programs: JSON and CSV.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "arpgen/range.hpp"
#include "arpgen/report.hpp"

namespace arpline::gen {
namespace {

using Json = nlohmann::json;

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

Json offered(const StreamResult& stream, double seconds) {
  return {
      {"frames", stream.frames}, {"per_second", per_second(stream.frames, seconds)}, {"asked", stream.asked}};
}

Json answers(const StreamResult& stream, double seconds) {
  const auto& counts = stream.answers;
  return {{"answered", counts.answered},
          {"per_second", per_second(counts.answered, seconds)},
          {"ratio", ratio(stream)},
          {"late", counts.late},
          {"duplicate", counts.duplicate},
          {"wrong_mac", counts.wrong_mac},
          {"wrong_target", counts.wrong_target},
          {"broadcast", counts.broadcast},
          {"unasked", counts.unasked},
          {"echoed", counts.echoed},
          {"unanswered", unanswered(stream)}};
}

Json latency(const StreamResult& stream) {
  const Latency ns = latency_of(stream);
  return {{"timed", ns.timed}, {"min", ns.min},     {"mean", ns.mean},     {"p50", ns.p50}, {"p90", ns.p90},
          {"p99", ns.p99},     {"p99.9", ns.p99_9}, {"p99.99", ns.p99_99}, {"max", ns.max}};
}

std::string csv_row(const StreamResult& stream, double seconds, std::string_view name) {
  const auto& counts = stream.answers;
  const Latency ns = latency_of(stream);
  return fmt::format(
      "\"{}\",{},{:.0f},{},{},{:.0f},{:.6f},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", name,
      stream.frames, per_second(stream.frames, seconds), stream.asked, counts.answered,
      per_second(counts.answered, seconds), ratio(stream), counts.late, counts.duplicate, counts.wrong_mac,
      counts.wrong_target, counts.broadcast, counts.unasked, counts.echoed, unanswered(stream), ns.timed,
      ns.min, ns.mean, ns.p50, ns.p90, ns.p99, ns.p99_9, ns.p99_99, ns.max);
}

std::string addresses_csv(const Results& results) {
  std::string text = "address,vlan,mac,asked,answered,unanswered\n";
  for (const auto& one : results.addresses)
    text += fmt::format("{},{},{},{},{},{}\n", format_host(one.address), one.vlan,
                        one.mac != 0 ? format_mac(one.mac) : "", one.asked, one.answered, one.unanswered());
  return text;
}

}  // namespace

Json to_json(const Results& results) {
  const StreamResult all = total(results);
  Json document{{"interface", visible(results.interface)},
                {"source", results.source},
                {"seed", results.seed},
                {"deadline_ms", static_cast<double>(results.deadline_ns) / 1e6},
                {"seconds", results.seconds},
                {"offered", offered(all, results.seconds)},
                {"answers", answers(all, results.seconds)},
                {"latency_ns", latency(all)},
                {"streams", Json::array()},
                {"addresses", Json::array()}};
  for (const auto& stream : results.streams)
    document["streams"].push_back({{"traffic", stream.name},
                                   {"offered", offered(stream, results.seconds)},
                                   {"answers", answers(stream, results.seconds)},
                                   {"latency_ns", latency(stream)}});
  for (const auto& one : results.addresses)
    document["addresses"].push_back({{"address", format_host(one.address)},
                                     {"vlan", one.vlan},
                                     {"mac", one.mac != 0 ? Json(format_mac(one.mac)) : Json(nullptr)},
                                     {"asked", one.asked},
                                     {"answered", one.answered},
                                     {"unanswered", one.unanswered()}});
  return document;
}

std::string to_csv(const Results& results, bool per_address) {
  if (per_address) return addresses_csv(results);
  std::string text =
      "traffic,frames,frames_per_second,asked,answered,answered_per_second,ratio,late,duplicate,wrong_mac,"
      "wrong_target,"
      "broadcast,unasked,echoed,unanswered,timed,min_ns,mean_ns,p50_ns,p90_ns,p99_ns,p99.9_ns,p99.99_ns,max_"
      "ns\n";
  for (const auto& stream : results.streams) text += csv_row(stream, results.seconds, stream.name);
  return text + csv_row(total(results), results.seconds, "all");
}

}  // namespace arpline::gen
