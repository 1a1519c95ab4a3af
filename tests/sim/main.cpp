// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "sim/options.hpp"
#include "sim/run.hpp"
#include "sim/trace.hpp"

namespace arpline::sim {
namespace {

Options& given() {
  static Options options;
  return options;
}

// Runs one seed and prints its course.
int replay(const Options& options) {
  const auto scenario = draw(options.from);
  const auto outcome = run(scenario, {.trace_lines = options.trace ? Trace::kLast : 0});
  std::cout << describe(scenario);
  for (const auto& line : outcome.trace) std::cout << line << '\n';
  for (const auto& failure : outcome.failures) std::cout << failure << '\n';
  std::cout << "seed " << options.from << ": hash " << std::hex << outcome.hash << std::dec
            << (outcome.failures.empty() ? ", all kept\n" : ", failed\n");
  return outcome.failures.empty() ? 0 : 1;
}

}  // namespace

const Options& options() {
  return given();
}

}  // namespace arpline::sim

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  spdlog::set_level(spdlog::level::off);  // the trace has the driver's messages
  auto& options = arpline::sim::given();
  CLI::App app("The protocol machines in a seeded network");
  std::uint64_t seed = 0;
  app.add_option("--seeds", options.seeds, "how many");
  app.add_option("--from", options.from, "the first of them");
  const auto* one = app.add_option("--seed", seed, "only this one");
  app.add_flag("--trace", options.trace, "what happened in it");
  CLI11_PARSE(app, argc, argv);
  if (one->count() > 0) {
    options.from = seed;
    options.one = true;
    return arpline::sim::replay(options);
  }
  return RUN_ALL_TESTS();
}
