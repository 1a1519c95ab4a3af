// SPDX-License-Identifier: Apache-2.0
#include "control/requests.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/limit_request.hpp"
#include "control/log.hpp"
#include "report/answers.hpp"
#include "report/watched.hpp"

namespace arpline {
namespace {

std::string asker_of(const Parent& parent) {
  const auto asker = parent.server->asked_by();
  return asker ? text_of(*asker) : "somebody";
}

}  // namespace

nlohmann::json Requests::answer(Parent& parent, const nlohmann::json& request) const {
  const auto command = request.value("cmd", "");
  const bool changes =
      command == "reload" || command == "detach" || (command == "limit" && !asks_only(request));
  if (changes) refuse_unless_allowed(parent, command);
  if (command == "ping") return {{"ok", true}};
  if (command == "status") return status(parent, request.value("senders", false));
  if (command == "metrics") return metrics(parent, request.value("endpoints", std::uint64_t{0}));
  if (command == "gone") return to_json(gone_status(history_, parent.served->name(), Clock::now()));
  if (command == "limit") return limit(parent, request);
  if (command == "watch") return watch(parent, request);
  if (command == "reload") {
    spdlog::info("{}: the configuration is to be read again; asked for by {}", visible(parent.served->name()),
                 asker_of(parent));
    parent.reload_askers.push_back(parent.server->put_off());
    return {};
  }
  if (command == "detach") {
    spdlog::info("{}: to be detached; asked for by {}", visible(parent.served->name()), asker_of(parent));
    parent.leaving = true;
    return {{"ok", true}};
  }
  return {{"error", "unknown command"}};
}

void Requests::refuse_unless_allowed(const Parent& parent, const std::string& command) const {
  if (config_.control_group_may_change || parent.server->asked_by_root()) return;
  throw SetupError(
      fmt::format("{}: only root may ask for this; members of control_group may look, and change something "
                  "only with control_group_may_change = true",
                  command));
}

// Gathers the status here, and has it written out in the background. The senders are gathered only on request,
// because they cost two system calls each.
nlohmann::json Requests::status(const Parent& parent, bool senders) const {
  auto status = parent.served->status();
  if (senders) status.senders = parent.served->senders();
  status.loop = {.longest_turn_ms = in_milliseconds(turns_.longest()),
                 .longest_turn_lately_ms = in_milliseconds(turns_.recent())};
  StatusAnswer answer;
  answer.parents.push_back(std::move(status));
  answer.waiting = parents_.waiting(Clock::now());
  parent.server->put_off([answer = std::move(answer)] { return to_json(answer); });
  return {};
}

// Gathers the numbers here; the sorting for the quantiles and the text are made in the background.
nlohmann::json Requests::metrics(const Parent& parent, std::uint64_t endpoints) const {
  const auto began = Clock::now();
  auto answer = parent.served->metrics(std::min<std::uint64_t>(endpoints, kMostEndpointMetrics));
  answer.version = ARPLINE_VERSION;
  answer.daemon = parents_.names().at(0);
  answer.daemon_gauges.loop_longest_turn = in_seconds(turns_.longest());
  answer.daemon_gauges.loop_recent_turn = in_seconds(turns_.recent());
  answer.daemon_gauges.waiting_parents = static_cast<double>(parents_.waiting(began).size());
  answer.daemon_counters.log_left_out = lines_left_out();
  auto found = parent.served->changes().found();
  auto withdrawn = parent.served->changes().withdrawals();
  answer.gauges.scrape_loop = in_seconds(Clock::now() - began);
  parent.server->put_off(
      [answer = std::move(answer), found = std::move(found), withdrawn = std::move(withdrawn)]() mutable {
        answer.summaries.found = found.summary();
        answer.summaries.withdrawn = withdrawn.summary();
        return to_json(answer);
      });
  return {};
}

// From here on the connection belongs to the feed, which answers.
nlohmann::json Requests::watch(Parent& parent, const nlohmann::json& request) {
  auto wanted = from_json<WatchRequest>(request);
  parent.feed->check(wanted);
  parent.server->hand_over(
      [&parent, wanted = std::move(wanted)](Fd client) { parent.feed->add(std::move(client), wanted); });
  return {};
}

// Changes limits as requested, and returns all of the parent's limits. Throws SetupError for an invalid
// request.
nlohmann::json Requests::limit(const Parent& parent, const nlohmann::json& request) {
  auto& served = *parent.served;
  const auto before = served.limits();
  const auto wanted = changed_limits(request, served.configured_limits(), before);
  if (!(wanted == before)) served.use_limits(wanted);
  for (const auto& line : differences(before, wanted))
    spdlog::info("{}: {}; asked for by {}", visible(served.name()), line, asker_of(parent));
  const auto& fit = served.neighbour_fit();
  return to_json(LimitAnswer{.parent = served.name(),
                             .limits = limit_status(served.configured_limits(), wanted, fit),
                             .note = explain(fit)});
}

}  // namespace arpline
