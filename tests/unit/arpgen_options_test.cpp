// SPDX-License-Identifier: Apache-2.0
#include "arpgen/options.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "base/error.hpp"

namespace arpline::gen {
namespace {

std::variant<Options, int> parse(const std::vector<std::string>& words) {
  std::vector<const char*> argv{"arpgen"};
  for (const auto& word : words) argv.push_back(word.c_str());
  return parse_options(static_cast<int>(argv.size()), argv.data());
}

// Splits a command line whose words contain no blanks.
std::variant<Options, int> parse(const std::string& line) {
  std::istringstream stream{line};
  return parse(std::vector<std::string>{std::istream_iterator<std::string>{stream}, {}});
}

Options good(const std::string& line) {
  const auto result = parse(line);
  if (const auto* options = std::get_if<Options>(&result)) return *options;
  ADD_FAILURE() << line << " was refused";
  return {};
}

// The error message of a refused command line.
std::string refusal(const std::string& line) {
  testing::internal::CaptureStderr();
  const auto result = parse(line);
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(std::holds_alternative<int>(result) && std::get<int>(result) == 2) << line;
  EXPECT_TRUE(text.starts_with("arpgen: ")) << text;
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ArpgenOptions, are_bounded_by_default) {
  const Options options = good("run -i eth7 --to 10.0.0.1");
  EXPECT_EQ(options.command, Command::run);
  EXPECT_EQ(options.interface, "eth7");
  EXPECT_EQ(options.preset, "storm") << "when only targets are given";
  EXPECT_EQ(options.source, "live");
  EXPECT_FALSE(options.rate) << "full speed";
  EXPECT_EQ(options.seconds, 10);
  EXPECT_EQ(options.frames, 100'000'000U);
  EXPECT_EQ(options.deadline_ns, 1'000'000'000U);
  EXPECT_EQ(options.seed, 1U);
  EXPECT_EQ(options.window, 0U);
  EXPECT_EQ(options.on_default_route, 0);
  EXPECT_EQ(options.format, Format::table);
  EXPECT_FALSE(options.cpu);
  EXPECT_FALSE(options.pass_answers || options.per_address || options.poisson);
}

TEST(ArpgenOptions, read_every_option_of_run) {
  const Options options = good(
      "run --interface eth7 --preset spoof --to 10.0.0.0/24 --from 10.1.0.0/16 --seed 18446744073709551615 "
      "--source xsk --rate 2.5M --poisson --seconds 0.5 --frames 10k --deadline-ms 20 --cpu 1 --format json "
      "--output out.json --live --per-address --pass-answers --on-default-route --on-default-route");
  EXPECT_EQ(options.preset, "spoof");
  EXPECT_EQ(options.to, "10.0.0.0/24");
  EXPECT_EQ(options.from, "10.1.0.0/16");
  EXPECT_EQ(options.seed, 18446744073709551615U);
  EXPECT_EQ(options.source, "xsk");
  EXPECT_EQ(options.rate, 2.5e6);
  EXPECT_TRUE(options.poisson);
  EXPECT_EQ(options.seconds, 0.5);
  EXPECT_EQ(options.frames, 10'000U);
  EXPECT_EQ(options.deadline_ns, 20'000'000U);
  EXPECT_EQ(options.cpu, 1U);
  EXPECT_EQ(options.format, Format::json);
  EXPECT_EQ(options.output, "out.json");
  EXPECT_TRUE(options.live && options.per_address && options.pass_answers);
  EXPECT_EQ(options.on_default_route, 2);
  EXPECT_FALSE(good("run -i eth7 --to 10.0.0.1 --no-live").live);
  EXPECT_EQ(good("run -i eth7 --to 10.0.0.1 --window 64").window, 64U);
  EXPECT_TRUE(good("run -i eth7 --to 10.0.0.1 --count-only").count_only);
}

TEST(ArpgenOptions, read_every_option_of_search) {
  const Options options = good(
      "search -i eth7 --to 10.0.0.1 --loss 1 --trial-seconds 2 --max-rate 500k --resolution 2.5% --format csv");
  EXPECT_EQ(options.command, Command::search);
  EXPECT_DOUBLE_EQ(options.loss, 0.01);
  EXPECT_DOUBLE_EQ(options.resolution, 0.025);
  EXPECT_EQ(options.trial_seconds, 2);
  EXPECT_EQ(options.max_rate, 500'000);
  EXPECT_EQ(options.format, Format::csv);
  const Options defaults = good("search -i eth7 --to 10.0.0.1");
  EXPECT_DOUBLE_EQ(defaults.loss, 0.001);
  EXPECT_DOUBLE_EQ(defaults.resolution, 0.05);
  EXPECT_EQ(defaults.max_rate, 0);
}

TEST(ArpgenOptions, print_and_presets_need_no_interface) {
  const Options options = good("print --to 10.0.0.1 --from 10.0.0.2");
  EXPECT_EQ(options.command, Command::print);
  EXPECT_EQ(options.frames, 10U);
  EXPECT_EQ(good("print --to 10.0.0.1 --frames 1k").frames, 1'000U);
  EXPECT_EQ(good("presets").command, Command::presets);
}

TEST(ArpgenOptions, specs_of_the_command_line_follow_those_of_the_preset) {
  const auto result = parse({"run", "-i", "eth7", "--preset", "storm", "--to", "10.0.0.1", "--traffic",
                             "other weight=2", "--traffic", "announcement"});
  ASSERT_TRUE(std::holds_alternative<Options>(result));
  EXPECT_EQ(specs_of(std::get<Options>(result)),
            (std::vector<std::string>{"who-has to=10.0.0.1", "other weight=2", "announcement"}));
  EXPECT_THROW(specs_of({.preset = "flood", .to = "10.0.0.1"}), SetupError);
}

TEST(ArpgenOptions, refuse_contradictions_with_a_reason) {
  const std::string run = "run -i eth7 --to 10.0.0.1 ";
  EXPECT_TRUE(contains(refusal(run + "--poisson"), "--rate"));
  EXPECT_TRUE(contains(refusal(run + "--window 5 --rate 100"), "closed loop"));
  EXPECT_TRUE(contains(refusal(run + "--window 5 --count-only"), "closed loop"));
  EXPECT_TRUE(contains(refusal("run -i eth7"), "--to"));
  EXPECT_TRUE(contains(refusal("run -i eth7 --traffic other --to 10.0.0.1"), "--preset"));
  EXPECT_TRUE(contains(refusal("run -i eth7 --traffic other --from 10.0.0.1"), "--preset"));
  EXPECT_TRUE(contains(refusal("run --to 10.0.0.1"), "--interface"));
  EXPECT_TRUE(contains(refusal("search --to 10.0.0.1"), "--interface"));
  EXPECT_TRUE(contains(refusal("print"), "--to"));
  refusal("");
  refusal("search -i eth7 --to 10.0.0.1 --rate 5");
  refusal("print --to 10.0.0.1 --rate 5");
}

TEST(ArpgenOptions, refuse_values_out_of_range) {
  const std::string run = "run -i eth7 --to 10.0.0.1 ";
  for (const std::string words :
       {"--rate 0",       "--rate -5",    "--rate x",     "--rate 5x",       "--rate 5kk",
        "--rate nan",     "--rate inf",   "--rate 2G",    "--rate 0.01",     "--seconds 0",
        "--seconds 7201", "--frames 0",   "--frames -1",  "--deadline-ms 0", "--deadline-ms 60001",
        "--window 0",     "--source raw", "--format xml", "--cpu -1",        "--seed -1",
        "--seed x"})
    refusal(run + words);
  for (const std::string words : {"--loss -1", "--loss 100", "--loss x", "--loss 1x", "--resolution 0"})
    refusal("search -i eth7 --to 10.0.0.1 " + words);
}

TEST(ArpgenOptions, help_is_no_error) {
  for (const std::string line : {"--help", "run --help", "search --help", "print --help", "--version"}) {
    testing::internal::CaptureStdout();
    const auto result = parse(line);
    const auto text = testing::internal::GetCapturedStdout();
    ASSERT_TRUE(std::holds_alternative<int>(result));
    EXPECT_EQ(std::get<int>(result), 0) << line;
    EXPECT_FALSE(text.empty());
  }
}

}  // namespace
}  // namespace arpline::gen
