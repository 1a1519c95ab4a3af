// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of a daemon's answers in `arpline status` and arpline-exporter; a daemon of another version
// may send anything.
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "fuzz/fuzz.hpp"
#include "report/answers.hpp"
#include "report/metrics.hpp"
#include "report/status.hpp"
#include "report/text.hpp"

namespace {

using namespace arpline;
using nlohmann::json;

json status() {
  ParentStatus status{.parent = "nic0", .ifindex = 3, .daemon = true};
  status.verdicts = {{"reflect", 7}};
  status.limits = {{"to_child", 100}, {"ring", std::nullopt}};
  status.warnings = {"something is wrong"};
  status.announce.emplace();
  status.sent.emplace();
  status.loop.emplace();
  status.found.emplace();
  status.neighbours.emplace().holders.emplace_back();
  status.storm.emplace_back();
  status.senders = {{.mac = 2, .netns = "blue", .interface = "eth0"}};
  auto& endpoint = status.endpoints.emplace_back();
  endpoint.path.emplace();
  endpoint.seen_outside.emplace();
  endpoint.misdirected.emplace();
  endpoint.claimants.emplace_back();
  endpoint.trail.emplace_back();
  status.endpoints.emplace_back();
  StatusAnswer answer;
  answer.parents.push_back(std::move(status));
  answer.waiting.push_back({.parent = "nic1", .reason = "no such interface"});
  return to_json(answer);
}

template <class Text>
void show(const Text& text) {
  try {
    text();
  } catch (const std::exception& error) {
    REQUIRE(error.what()[0] != 0);
  }
}

}  // namespace

std::vector<fuzz::Bytes> fuzz::seeds() {
  const GoneAnswer gone{.gone = {{.parent = "nic0", .reason = "deleted", .trail = {{3.5, "link down"}}}}};
  LimitAnswer limits{.parent = "nic0"};
  limits.limits.push_back({.name = "ring", .in_force = 2.5});
  MetricsAnswer metrics{.version = "0", .daemon = "nic0", .parent = "nic0"};
  metrics.groups.endpoints = {{"confirmed", 1}};
  metrics.histograms.path_rtt = histogram_metric({});
  metrics.storm.emplace_back();
  metrics.endpoints.push_back({.netns = "blue", .interface = "eth0"});
  metrics.senders.emplace_back();
  return {bytes_of(status().dump()), bytes_of(to_json(metrics).dump()), bytes_of(to_json(gone).dump()),
          bytes_of(to_json(limits).dump()), bytes_of("{\"parents\":[{}]}")};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = json::parse(data, data + size, nullptr, false);
  if (answer.is_discarded()) return 0;
  show([&] {
    const auto status = from_json<StatusAnswer>(answer);
    to_text(status);
    senders_to_text(status.parents);
  });
  show([&] { to_text(from_json<GoneAnswer>(answer)); });
  show([&] { to_text({from_json<LimitAnswer>(answer)}); });
  show([&] { REQUIRE(to_json(from_json<MetricsAnswer>(answer)).is_object()); });
  return 0;
}
