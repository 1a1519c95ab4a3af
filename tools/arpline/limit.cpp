// SPDX-License-Identifier: Apache-2.0
#include "arpline/limit.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "arpline/attached.hpp"
#include "arpline/daemon.hpp"
#include "arpline/usage.hpp"
#include "base/error.hpp"
#include "report/text.hpp"

namespace arpline {
namespace {

using nlohmann::json;

json question(const LimitRequest& request) {
  json asked{{"cmd", "limit"}};
  if (request.name) asked["name"] = *request.name;
  if (request.value) asked["value"] = *request.value;
  if (request.reset) asked["reset"] = true;
  return asked;
}

// Keeps only the limit that was asked for.
void narrow(json& limits, const std::optional<std::string>& name) {
  if (!name) return;
  json one = json::array();
  for (const auto& limit : limits)
    if (limit.at("name") == *name) one.push_back(limit);
  limits = std::move(one);
}

}  // namespace

int limit(const LimitRequest& request, bool as_json, const Roots& roots) {
  json parents = json::array();
  for (const auto& name : find_parents(roots, request.parent, Looker::anybody)) {
    auto reply = ask_daemon(roots, name, question(request));
    if (!reply && is_hung(roots, name))
      throw NoDaemonError(about_hung(name) + "; it may still do it when it goes on");
    if (!reply) continue;
    if (reply->contains("error"))
      throw SetupError(fmt::format("{}: {}", visible(name.parent), (*reply)["error"].get<std::string>()));
    narrow((*reply)["limits"], request.name);
    parents.push_back(std::move(*reply));
  }
  if (parents.empty()) {
    throw NoDaemonError(fmt::format("no arplined runs in this network namespace{}; start one with: {}",
                                    request.parent.empty() ? "" : " on " + visible(request.parent),
                                    start_command(request.parent).text()));
  }
  if (as_json) {
    fmt::print("{}\n", json{{"parents", parents}}.dump(2, ' ', true));
  } else {
    std::vector<LimitAnswer> answers;
    for (const auto& parent : parents) answers.push_back(read_answer<LimitAnswer>(parent));
    fmt::print("{}", printable(to_text(answers)));
  }
  return 0;
}

}  // namespace arpline
