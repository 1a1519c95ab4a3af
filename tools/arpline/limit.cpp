// SPDX-License-Identifier: Apache-2.0
#include "arpline/limit.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "arpline/attached.hpp"
#include "arpline/daemon.hpp"
#include "base/error.hpp"
#include "report/table.hpp"

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

std::string origin(const json& limit) {
  if (limit.at("quarter_of").is_null()) return limit.at("from").get<std::string>();
  return "a quarter of " + limit.at("quarter_of").get<std::string>();
}

std::string rate_of(const json& rate) {
  return rate.is_null() ? "off" : rate.dump();
}

std::string to_text(const json& parents) {
  std::vector<TableRow> rows{{"PARENT", "LIMIT", "FRAMES/S", "IN FORCE", "FROM", "WHAT"}};
  for (const auto& parent : parents) {
    for (const auto& limit : parent.at("limits")) {
      rows.push_back({parent.at("parent").get<std::string>(), limit.at("name").get<std::string>(),
                      rate_of(limit.at("rate")), rate_of(limit.at("in_force")), origin(limit),
                      limit.at("what").get<std::string>()});
    }
  }
  auto text = table(rows);
  for (const auto& parent : parents)
    if (const auto note = parent.at("note").get<std::string>(); !note.empty())
      text += fmt::format("{}: {}\n", parent.at("parent").get<std::string>(), note);
  return text;
}

// Only the one that was asked for.
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
      throw SetupError(about_hung(name) + "; it may still do it when it goes on");
    if (!reply) continue;
    if (reply->contains("error"))
      throw SetupError(fmt::format("{}: {}", visible(name.parent), (*reply)["error"].get<std::string>()));
    narrow((*reply)["limits"], request.name);
    parents.push_back(std::move(*reply));
  }
  if (parents.empty()) {
    throw SetupError(fmt::format("no arplined runs in this network namespace{}; start one with: {}",
                                 request.parent.empty() ? "" : " on " + visible(request.parent),
                                 start_command(request.parent).text()));
  }
  if (as_json) {
    fmt::print("{}\n", json{{"parents", parents}}.dump(2, ' ', true));
  } else {
    fmt::print("{}", printable(to_text(parents)));
  }
  return 0;
}

}  // namespace arpline
