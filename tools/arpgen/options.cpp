// SPDX-License-Identifier: Apache-2.0
#include "arpgen/options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

#include "arpgen/presets.hpp"
#include "base/foreign_text.hpp"

namespace arpline::gen {
namespace {

struct Bounds {
  double least, most;
};
constexpr Bounds kPerSecond{0.1, 1e9};
constexpr Bounds kFrames{1, 1e12};
constexpr Bounds kSeconds{0.01, 7200};
constexpr std::uint64_t kMostDeadlineMs = 60'000;  // the range of histogram.h is 68 s
constexpr std::uint64_t kMostOpen = 1'000'000;
constexpr std::uint64_t kPrintedFrames = 10;

double suffix_factor(std::string_view suffix, std::string_view option) {
  static const std::map<std::string_view, double> factors{{"", 1.0}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}};
  const auto found = factors.find(suffix);
  if (found == factors.end())
    throw CLI::ValidationError(std::string{option}, "write a number like 1500, 100k or 2.5M");
  return found->second;
}

double parse_amount(const std::string& text, std::string_view option, const Bounds& bounds) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view suffix{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  value *= suffix_factor(error == std::errc{} ? suffix : text, option);
  if (!(value >= bounds.least && value <= bounds.most))
    throw CLI::ValidationError(std::string{option},
                               fmt::format("must be from {} to {}", bounds.least, bounds.most));
  return value;
}

double parse_percent(const std::string& text, std::string_view option) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view rest{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (error != std::errc{} || (!rest.empty() && rest != "%") || !(value >= 0 && value < 100))
    throw CLI::ValidationError(std::string{option}, "write percent, from 0 to below 100, like 0.1");
  return value / 100;
}

void add_amount(CLI::App& app, const std::string& name, double& to, const Bounds& bounds,
                const std::string& help) {
  app.add_option_function<std::string>(
         name, [&to, name, bounds](const std::string& text) { to = parse_amount(text, name, bounds); }, help)
      ->option_text("N");
}

void add_percent(CLI::App& app, const std::string& name, double& to, const std::string& help) {
  app.add_option_function<std::string>(
         name, [&to, name](const std::string& text) { to = parse_percent(text, name); }, help)
      ->option_text("PERCENT");
}

void add_frames(CLI::App& app, std::uint64_t& frames, const std::string& help) {
  app.add_option_function<std::string>(
         "--frames",
         [&frames](const std::string& text) {
           frames = static_cast<std::uint64_t>(std::ceil(parse_amount(text, "--frames", kFrames)));
         },
         help)
      ->option_text("N");
}

void add_traffic(CLI::App& app, Options& options) {
  app.add_option("-i,--interface", options.interface,
                 "where the frames go out; its MAC and IP are the requester's")
      ->option_text("IF");
  app.add_option("--preset", options.preset,
                 "a mix with a name; `arpgen presets` lists them (storm, when only --to is given)")
      ->option_text("NAME");
  app.add_option("--traffic", options.traffic,
                 "a stream of frames, like \"who-has to=10.0.0.0/24\"; may be repeated")
      ->option_text("SPEC")
      ->allow_extra_args(false);
  app.add_option("--to", options.to, "the preset's targets: 10.0.0.1, 10.0.0.1-10.0.0.9 or 10.0.0.0/24")
      ->option_text("RANGE");
  app.add_option("--from", options.from, "the preset's requesters")->option_text("RANGE");
  app.add_option("--seed", options.seed, "the same seed makes the same frames (1)")
      ->check(CLI::NonNegativeNumber)
      ->option_text("N");
}

// The options of all commands that send.
void add_sending(CLI::App& app, Options& options) {
  app.get_option("--interface")->required();
  app.add_option("--source", options.source,
                 "live (made in the kernel), xsk (AF_XDP) or packet (AF_PACKET); (live)")
      ->check(CLI::IsMember({"live", "xsk", "packet"}))
      ->option_text("NAME");
  app.add_option_function<std::uint64_t>(
         "--deadline-ms", [&options](std::uint64_t ms) { options.deadline_ns = ms * 1'000'000; },
         "an answer after this is late (1000)")
      ->check(CLI::Range(std::uint64_t{1}, kMostDeadlineMs))
      ->option_text("MS");
  app.add_option_function<std::uint64_t>(
         "--settle-ms", [&options](std::uint64_t ms) { options.settle = std::chrono::milliseconds{ms}; },
         "wait so long before the first frame, the meter attached already (0)")
      ->check(CLI::Range(std::uint64_t{0}, kMostDeadlineMs))
      ->option_text("MS");
  app.add_option_function<unsigned>(
         "--cpu", [&options](unsigned cpu) { options.cpu = cpu; }, "send from this CPU (whichever)")
      ->option_text("N");
  app.add_flag("--pass-answers", options.pass_answers, "hand answers on to this host's kernel, too");
  app.add_flag("--on-default-route", options.on_default_route,
               "given twice: send although the interface carries a default route");
  app.add_option("--format", options.format, "table, json or csv (table)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Format>{
          {"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}}))
      ->option_text("NAME");
  app.add_option("--output", options.output, "write the report to this file")->option_text("FILE");
  app.add_flag("--live,!--no-live", options.live,
               "a line a second on stderr while it runs; without either option when stderr is a terminal");
}

CLI::App* add_run(CLI::App& app, Options& options) {
  auto* run = app.add_subcommand("run", "send, meter and report");
  add_traffic(*run, options);
  add_sending(*run, options);
  run->add_option_function<std::string>(
         "--rate",
         [&options](const std::string& text) { options.rate = parse_amount(text, "--rate", kPerSecond); },
         "frames a second, like 1500, 100k or 2.5M; without it as fast as the source can")
      ->option_text("N");
  run->add_flag("--poisson", options.poisson, "gaps between frames are random, exponentially; needs --rate");
  run->add_option("--window", options.window, "closed loop: at most so many requests without an answer at once")
      ->check(CLI::Range(std::uint64_t{1}, kMostOpen))
      ->option_text("N");
  add_amount(*run, "--seconds", options.seconds, kSeconds, "end after this time (10)");
  add_frames(*run, options.frames, "end after so many frames (100M)");
  run->add_flag("--per-address", options.per_address, "report every address");
  run->add_flag("--count-only", options.count_only,
                "count answers without matching them to requests: for the highest rates");
  run->callback([&options] { options.command = Command::run; });
  return run;
}

CLI::App* add_search(CLI::App& app, Options& options) {
  auto* search = app.add_subcommand("search", "find the highest rate at which almost nothing is lost");
  add_traffic(*search, options);
  add_sending(*search, options);
  add_percent(*search, "--loss", options.loss, "requests that may stay without an answer in time (0.1)");
  add_percent(*search, "--resolution", options.resolution, "how exact the rate is to be (5)");
  add_amount(*search, "--trial-seconds", options.trial_seconds, kSeconds, "how long each trial sends (5)");
  add_amount(*search, "--max-rate", options.max_rate, kPerSecond,
             "the highest rate to try; without it as fast as the source can");
  search->callback([&options] { options.command = Command::search; });
  return search;
}

void add_print(CLI::App& app, Options& options) {
  auto* print = app.add_subcommand("print",
                                   "print frames as INDEX STREAM HEX, send nothing; needs no interface when "
                                   "the specs say from= and mac=");
  add_traffic(*print, options);
  print->preparse_callback([&options](std::size_t) { options.frames = kPrintedFrames; });
  add_frames(*print, options.frames, "so many (10)");
  print->callback([&options] { options.command = Command::print; });
}

void check_traffic(Options& options) {
  if (options.command == Command::presets) return;
  if (options.preset.empty() && options.traffic.empty()) {
    if (options.to.empty())
      throw CLI::ValidationError("what is to be sent?", "give --to, --preset or --traffic");
    options.preset = "storm";
  }
  if (options.preset.empty() && !(options.to.empty() && options.from.empty()))
    throw CLI::ValidationError("--to and --from", "belong to --preset; in --traffic write to= and from=");
}

void check_pace(const Options& options) {
  if (options.poisson && !options.rate)
    throw CLI::ValidationError("--poisson", "random gaps around which rate? Give --rate");
  if (options.window != 0 && options.rate)
    throw CLI::ValidationError("--window", "a closed loop sends when answers come, not at a --rate");
  if (options.window != 0 && options.count_only)
    throw CLI::ValidationError("--count-only", "a closed loop has to match answers to requests");
  if (options.resolution <= 0) throw CLI::ValidationError("--resolution", "must be above 0");
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
  CLI::App app{"arpgen: sends ARP, and meters what comes back"};
  Options options;
  app.set_version_flag("--version", ARPLINE_VERSION);
  app.require_subcommand(1);
  const auto* run = add_run(app, options);
  const auto* search = add_search(app, options);
  add_print(app, options);
  app.add_subcommand("presets", "list the presets, and what frames may be made of")->callback([&options] {
    options.command = Command::presets;
  });
  try {
    app.parse(argc, argv);
    check_traffic(options);
    check_pace(options);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    fmt::print(stderr, "arpgen: {}; see --help\n", visible_line(error.what()));
    return 2;
  }
  if (run->count("--live") + search->count("--live") == 0) options.live = isatty(STDERR_FILENO) == 1;
  return options;
}

std::vector<std::string> specs_of(const Options& options) {
  std::vector<std::string> specs;
  if (!options.preset.empty()) specs = preset(options.preset, options.to, options.from);
  specs.insert(specs.end(), options.traffic.begin(), options.traffic.end());
  return specs;
}

}  // namespace arpline::gen
