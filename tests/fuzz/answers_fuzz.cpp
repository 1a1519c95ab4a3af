// SPDX-License-Identifier: Apache-2.0
// What `arpline status` makes of a daemon's answer, under libFuzzer: another version's daemon may say anything.
#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz/fuzz.hpp"
#include "report/gone.hpp"
#include "report/senders.hpp"
#include "report/status.hpp"

namespace {

using namespace arpline;
using nlohmann::json;

json status() {
  ParentStatus status{
      .parent = "nic0", .ifindex = 3, .daemon = true, .now = 60 * std::uint64_t{ARPL_SECOND_NS}};
  status.verdicts.assign(ARPL_VERDICT_COUNTERS, 7);
  status.other_verdicts.assign(ARPL_OTHER_COUNTERS, 1);
  status.engine_verdicts.assign(ARPL_ENGINE_VERDICTS, 1);
  status.limits = {{"to_child", 100}, {"ring", std::nullopt}};
  status.warnings = {"something is wrong"};
  status.announce.emplace();
  status.sent.emplace();
  status.senders = {{.mac = 2, .netns = "blue", .interface = "eth0"}};
  status.endpoints.emplace_back();
  status.endpoints[0].path.emplace();
  status.endpoints[0].seen_outside.emplace();
  status.endpoints.emplace_back();
  return to_json(status);
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
  const json gone{{{"address", "10.0.0.5"},
                   {"mac", "02:00:00:00:00:05"},
                   {"vlan", 0},
                   {"reason", "deleted"},
                   {"seconds_ago", 3.5},
                   {"trail", {{{"seconds_ago", 3.5}, {"event", "link down"}}}}}};
  return {bytes_of(json{{"parents", {status()}}}.dump()), bytes_of(gone.dump()),
          bytes_of("{\"parents\":[{}]}")};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = json::parse(data, data + size, nullptr, false);
  if (answer.is_discarded()) return 0;
  show([&] { to_text(answer); });
  show([&] { senders_to_text(answer); });
  show([&] { gone_to_text(answer); });
  return 0;
}
