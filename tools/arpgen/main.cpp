// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>

#include "arpgen/interface.hpp"
#include "arpgen/maker.hpp"
#include "arpgen/options.hpp"
#include "arpgen/presets.hpp"
#include "arpgen/report.hpp"
#include "arpgen/run.hpp"
#include "arpgen/search.hpp"
#include "arpgen/spec.hpp"
#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "base/output.hpp"

namespace {

using namespace arpline;
using namespace arpline::gen;

std::atomic<bool> stop = false;

void stop_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, [](int) { stop = true; });
}

void write_report(const Options& options, const std::string& text) {
  if (options.output.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);  // main() checks that all of it was written
    return;
  }
  OutputFile output{options.output};
  std::fwrite(text.data(), 1, text.size(), output.file());
  output.commit();
}

/// An interface that is ready to send and meter.
class Bench {
 public:
  explicit Bench(const Options& options)
      : plan_(plan_for(options)),
        programs_(plan_),
        source_(make_source(options.source, options.interface, plan_, programs_)),
        run_(plan_, programs_, *source_, stop) {
    programs_.attach_meter(options.interface);
    if (has_other_macs(identity_of(options.interface).mac)) promiscuous_ = be_promiscuous(options.interface);
    if (programs_.generic())
      fmt::print(stderr, "arpgen: {} has no native XDP; its answers are metered in generic mode\n",
                 visible(options.interface));
  }

  bool is_answered() const {
    return std::ranges::any_of(streams(), [](const auto& one) { return one.flow_count > 0; });
  }

  Results go(const Options& options, const Pace& pace, const Watcher& watcher) {
    std::this_thread::sleep_for(options.settle);
    auto results = run_.go(pace, watcher);
    results.interface = options.interface;
    results.source = options.source;
    return results;
  }

 private:
  static Plan plan_for(const Options& options) {
    refuse_default_route(options.interface, options.on_default_route);
    require_up(options.interface);
    auto plan = make_plan(specs_of(options), identity_of(options.interface), options.seed);
    plan.plan.ifindex = index_of(options.interface);
    plan.plan.deadline_ns = options.deadline_ns;
    plan.plan.pass_answers = options.pass_answers ? 1 : 0;
    plan.plan.count_only = options.count_only ? 1 : 0;
    return plan;
  }

  bool has_other_macs(Mac own) const {
    return std::ranges::any_of(streams(), [&](const auto& one) {
      return one.flow_count > 0 && (one.macs_of_their_own != 0 || one.requester_mac != own);
    });
  }

  std::span<const arpgen_stream> streams() const { return {plan_.plan.streams, plan_.plan.stream_count}; }

  Plan plan_;
  Fd promiscuous_;
  Programs programs_;
  std::unique_ptr<Source> source_;
  Run run_;
};

Watcher live_lines(const Options& options) {
  if (!options.live) return {};
  return [previous = Results{}](const Results& current) mutable {
    fmt::print(stderr, "{}\n", live_line(previous, current, current.seconds - previous.seconds));
    previous = current;
  };
}

int run(const Options& options) {
  Bench bench(options);
  const Pace pace{.per_second = options.rate,
                  .poisson = options.poisson,
                  .window = options.window,
                  .seconds = options.seconds,
                  .frames = options.frames,
                  .cpu = options.cpu};
  const auto results = bench.go(options, pace, live_lines(options));
  switch (options.format) {
    case Format::table:
      write_report(options, to_table(results, options.per_address));
      break;
    case Format::json:
      write_report(options, to_json(results).dump(2, ' ', true) + "\n");
      break;
    case Format::csv:
      write_report(options, to_csv(results, options.per_address));
      break;
  }
  return 0;
}

Outcome outcome_of(const Results& results) {
  const auto sum = total(results);
  return {.offered = results.seconds > 0 ? static_cast<double>(sum.frames) / results.seconds : 0,
          .loss = 1 - ratio(sum)};
}

int find_rate(const Options& options) {
  Bench bench(options);
  if (!bench.is_answered()) throw SetupError("search: nobody answers this traffic; add a who-has or a probe");
  const auto trial = [&](double rate) {
    if (stop) throw SetupError("the search was interrupted");
    Pace pace{.seconds = options.trial_seconds, .frames = options.frames, .cpu = options.cpu};
    if (rate > 0) pace.per_second = rate;
    const auto outcome = outcome_of(bench.go(options, pace, {}));
    if (options.live)
      fmt::print(stderr, "offered {}/s, lost {}\n", format_amount(outcome.offered), format_ratio(outcome.loss));
    return outcome;
  };
  const SearchBounds bounds{
      .loss = options.loss, .resolution = options.resolution, .max_rate = options.max_rate};
  const auto result = search(bounds, trial);
  switch (options.format) {
    case Format::table:
      write_report(options, to_table(result));
      break;
    case Format::json:
      write_report(options, to_json(result).dump(2, ' ', true) + "\n");
      break;
    case Format::csv:
      write_report(options, to_csv(result));
      break;
  }
  return result.best ? 0 : 1;
}

int print(const Options& options) {
  const auto identity = options.interface.empty() ? Identity{} : identity_of(options.interface);
  const auto plan = make_plan(specs_of(options), identity, options.seed);
  const Maker maker(plan, {});
  for (std::uint64_t index = 0; index < options.frames && !stop; ++index) {
    std::array<std::uint8_t, ARPGEN_MAX_FRAME_BYTES> frame{};
    const auto made = maker.make(index, 0, frame.data());
    fmt::print("{} {} {:02x}\n", index, made.stream, fmt::join(frame.begin(), frame.begin() + made.bytes, ""));
  }
  return 0;
}

int list() {
  fmt::print("presets\n");
  for (const auto& one : presets()) fmt::print("  {:<20} {}\n", one.name, one.description);
  fmt::print("kinds of frames\n");
  for (const auto& one : kinds()) fmt::print("  {:<20} {}\n", one.name, one.description);
  fmt::print("flaws\n");
  for (const auto& one : flaws()) fmt::print("  {:<20} {}\n", one.name, one.description);
  return 0;
}

int act(const Options& options) {
  switch (options.command) {
    case Command::run:
      return run(options);
    case Command::search:
      return find_rate(options);
    case Command::print:
      return print(options);
    case Command::presets:
      return list();
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto parsed = parse_options(argc, argv);
    if (const auto* code = std::get_if<int>(&parsed)) {
      finish_stdout();
      return *code;
    }
    stop_on_signals();
    const int code = act(std::get<Options>(parsed));
    finish_stdout();
    return code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "arpgen: {}\n", visible_line(error.what()));
    return 1;
  }
}
