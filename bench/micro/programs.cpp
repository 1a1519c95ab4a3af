// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "benches.hpp"
#include "harness.hpp"

namespace arpline::bench {
namespace {

using packet::EgressRow;
using packet::Row;

constexpr int iterations = 4;
// The test-run interface takes no shorter frame.
constexpr std::size_t shortest_test_run = 14;

std::string verdict_name(const Row& row) {
  static constexpr std::array names = {
#define ARPL_WIRE(class, name, description) #name,
#include "shared/verdicts.def"
  };
  if (!row.expect.verdict) return "not_arp";
  return fmt::format("{}{}", row.expect.would ? "would_" : "", names.at(*row.expect.verdict));
}

std::string outcome_name(const EgressRow& row) {
  if (row.expect.confirmed) return "confirms";
  if (row.expect.claimed_slot != ARPL_NO_SLOT) return "claims";
  return row.expect.seen ? "other_arp" : "not_arp";
}

// Whether every frame of the batch got the row's verdict, and none another.
bool all_got_it(const Row& row, std::vector<std::uint64_t> before, const std::vector<std::uint64_t>& after) {
  if (row.expect.verdict)
    before.at(packet::counter_of(*row.expect.verdict, row.expect.would)) += Harness::batch;
  return before == after;
}

// The time of one frame, and how many times the empty program's it is.
class Report {
 public:
  Report(benchmark::State& state, Harness::Empty empty) : state_(state), empty_(empty) {}
  ~Report() {
    state_.counters["times_empty"] = sum_ns_ / static_cast<double>(runs_) / std::max(empty_.ns, 1.0);
  }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void add(double measured_ns) {
    // Noise can make what is subtracted larger than what is measured.
    const double ns = std::max(measured_ns - empty_.restoring_ns, 1.0);
    state_.SetIterationTime(ns * 1e-9);
    sum_ns_ += ns;
    ++runs_;
  }

 private:
  benchmark::State& state_;
  Harness::Empty empty_;
  double sum_ns_ = 0;
  std::uint64_t runs_ = 0;
};

void wire_row(benchmark::State& state, Harness& harness, const Row& row) {
  auto& runner = packet::BpfRunner::shared();
  Report report(state, harness.empty(row));
  bool stable = true;
  for ([[maybe_unused]] auto _ : state) {
    const auto before = runner.verdict_counts();
    report.add(harness.measure(BENCH_ARPLINE, row));
    stable = stable && all_got_it(row, before, runner.verdict_counts());
  }
  if (!stable) state.SetLabel("the verdict was not the same for all frames");
}

void other_program(benchmark::State& state, Harness& harness, bench_target target) {
  const Row who_has{"who_has", {}, {}, {}};
  Report report(state, harness.empty(who_has));
  for ([[maybe_unused]] auto _ : state) report.add(harness.measure(target, who_has));
}

void egress_row(benchmark::State& state, Harness& harness, const EgressRow& row) {
  Report report(state, harness.empty(row));
  for ([[maybe_unused]] auto _ : state) report.add(harness.measure(row));
}

template <class... Arguments>
void add(const std::string& name, Arguments&&... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), std::forward<Arguments>(arguments)...)
      ->UseManualTime()
      ->Iterations(iterations);
}

}  // namespace

void register_programs(Harness& harness) {
  for (const auto& [name, target] :
       {std::pair{"empty", BENCH_EMPTY}, std::pair{"reflector", BENCH_REFLECTOR}}) {
    add(fmt::format("wire/{}/who_has", name),
        [&harness, t = target](auto& s) { other_program(s, harness, t); });
  }
  for (const Row& row : packet::rows()) {
    if (row.frame.bytes < shortest_test_run) continue;
    add(fmt::format("wire/{}/{}", verdict_name(row), row.name),
        [&harness, &row](auto& state) { wire_row(state, harness, row); });
  }
  for (const EgressRow& row : packet::egress_rows()) {
    if (row.frame.bytes < shortest_test_run) continue;
    add(fmt::format("egress/{}/{}", outcome_name(row), row.name),
        [&harness, &row](auto& state) { egress_row(state, harness, row); });
  }
}

}  // namespace arpline::bench
