// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "benches.hpp"
#include "harness.hpp"

namespace arpline::bench {
namespace {

using packet::EgressRow;
using packet::Row;

constexpr int iterations = 4;
// BPF_PROG_TEST_RUN accepts no shorter frame.
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

// Whether every frame of the batch got the row's verdict and no other.
bool all_got_it(const Row& row, std::vector<std::uint64_t> before, const std::vector<std::uint64_t>& after) {
  if (row.expect.verdict)
    before.at(packet::counter_of(*row.expect.verdict, row.expect.would)) += Harness::batch;
  return before == after;
}

const Row& who_has() {
  static const Row row{"who_has", {}, {}, {}};
  return row;
}

// How many ns a program takes above another one, which is measured beside it.
class Above {
 public:
  explicit Above(std::string name) : name_(std::move(name)) {}
  void add(double ns) { all_.push_back(ns); }
  // The least is what the program costs where nothing disturbs it; half of the runs lie below the median.
  void report(benchmark::State& state) {
    if (all_.empty()) return;
    std::ranges::sort(all_);
    state.counters["above_" + name_] = all_[all_.size() / 2];
    state.counters["above_" + name_ + "_least"] = all_.front();
    state.counters["above_" + name_ + "_most"] = all_.back();
  }

 private:
  std::string name_;
  std::vector<double> all_;
};

// Reports the time of one frame, restoring subtracted. Noise can make the difference negative.
void set_time(benchmark::State& state, double ns) {
  state.SetIterationTime(std::max(ns, 1.0) * 1e-9);
}

void count_way(benchmark::State& state, Harness& harness, const Row& row) {
  const auto way = harness.way(row);
  if (!way) return;
  state.counters["instructions"] = way->instructions;
  state.counters["look_ups"] = way->look_ups;
  state.counters["calls"] = way->calls;
}

// The row beside the empty program with the same frame and state, and beside the reflector with its who-has.
void wire_row(benchmark::State& state, Harness& harness, const Row& row) {
  auto& runner = packet::BpfRunner::shared();
  const double alone = harness.empty(row);
  Above empty("empty");
  Above reflector("reflector");
  bool stable = true;
  for ([[maybe_unused]] auto _ : state) {
    const double of_empty = harness.measure(BENCH_EMPTY, row);
    const double of_reflector = harness.measure(BENCH_REFLECTOR, who_has());
    const auto before = runner.verdict_counts();
    const double ns = harness.measure(BENCH_ARPLINE, row);
    stable = stable && all_got_it(row, before, runner.verdict_counts());
    empty.add(ns - of_empty);
    reflector.add(ns - of_reflector);
    set_time(state, ns - of_empty + alone);
  }
  empty.report(state);
  reflector.report(state);
  count_way(state, harness, row);
  if (!stable) state.SetLabel("the verdict was not the same for all frames");
}

void other_program(benchmark::State& state, Harness& harness, bench_target target) {
  const double alone = harness.empty(who_has());
  Above empty("empty");
  for ([[maybe_unused]] auto _ : state) {
    const double of_empty = harness.measure(BENCH_EMPTY, who_has());
    const double ns = harness.measure(target, who_has());
    empty.add(ns - of_empty);
    set_time(state, ns - of_empty + alone);
  }
  empty.report(state);
}

void egress_row(benchmark::State& state, Harness& harness, const EgressRow& row) {
  Above empty("empty");
  for ([[maybe_unused]] auto _ : state) {
    const double of_empty = harness.empty(row);
    const double ns = harness.measure(row);
    empty.add(ns - of_empty);
    set_time(state, ns);
  }
  empty.report(state);
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
