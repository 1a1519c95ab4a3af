// SPDX-License-Identifier: Apache-2.0
// Takes Google Benchmark's options; --benchmark_filter=wire/ring selects a verdict.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "benches.hpp"
#include "harness.hpp"

namespace {

void run() {
  arpline::bench::Harness harness(arpline::packet::BpfRunner::shared());
  arpline::bench::register_programs(harness);
  arpline::bench::register_headers();
  arpline::bench::register_protocol();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();  // they refer to the harness
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  if (const auto reason = arpline::packet::BpfRunner::reason_to_skip(); !reason.empty()) {
    fmt::print(stderr, "micro: {}\n", reason);
    return 1;
  }
  try {
    run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "micro: {}\n", error.what());
    return 1;
  }
  return 0;
}
