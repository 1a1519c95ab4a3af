// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "benches.hpp"
#include "packet/cpp_runner.hpp"
#include "shared/reply.h"

namespace arpline::bench {
namespace {

using packet::CppRunner;
using packet::FrameSpec;
using packet::Pair;
using packet::State;

arpl_arp parsed(const packet::Bytes& frame) {
  arpl_arp arp{};
  arpl_parse(frame.data(), frame.data() + frame.size(), &arp);
  arp.frame_bytes = static_cast<__u32>(frame.size());
  arp.linear = 1;
  return arp;
}

void parse(benchmark::State& state, const FrameSpec& spec) {
  const packet::Bytes frame = packet::build(spec);
  arpl_arp arp{};
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(arpl_parse(frame.data(), frame.data() + frame.size(), &arp));
    benchmark::ClobberMemory();
  }
}

// States that a frame does not change, but for the ring's credit, which is given back each time.
void decide(benchmark::State& state, const FrameSpec& spec, const State& tables) {
  CppRunner runner;
  runner.install(tables);
  const arpl_arp arp = parsed(packet::build(spec));
  arpl_decision decision{};
  for ([[maybe_unused]] auto _ : state) {
    arpl_decide(&runner.tables(), ARPL_PARSED, &arp, 0, runner.now(), &decision);
    runner.tables().credit[0].consumed = runner.tables().credit[0].sent;
    benchmark::DoNotOptimize(decision);
  }
}

void reply(benchmark::State& state) {
  const arpl_arp arp = parsed(packet::build({}));
  std::array<std::uint8_t, ARPL_WRITTEN_BYTES> out{};
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(arpl_write_reply(out.data(), &arp, packet::endpoint_mac));
    benchmark::ClobberMemory();
  }
}

void bucket(benchmark::State& state, std::uint64_t step_ns) {
  __u64 word = 0;
  std::uint64_t now = packet::seconds;
  for ([[maybe_unused]] auto _ : state) {
    now += step_ns;
    benchmark::DoNotOptimize(arpl_bucket_take(&word, now, {packet::milliseconds, packet::seconds}));
  }
}

void hash(benchmark::State& state) {
  std::uint64_t word = 1;
  for ([[maybe_unused]] auto _ : state) {
    word = arpl_hash(&packet::hash_keys, ARPL_HASH_PAIR, word, 0, 2, 3, 4);
    benchmark::DoNotOptimize(word);
  }
}

void add_decisions() {
  const auto add = [](const std::string& verdict, const FrameSpec& frame, const State& tables) {
    benchmark::RegisterBenchmark(("header/decide/" + verdict).c_str(),
                                 [=](benchmark::State& state) { decide(state, frame, tables); });
  };
  add("ring", {}, {.pair = Pair::fresh});
  add("to_child_excess", {}, {.pair = Pair::fresh, .socket = false});
  add("over_budget", {}, {.confirmed = false, .to_child = packet::Budget::spent, .checks_spent = true});
  add("foreign", {}, {.endpoint = false});
  add("not_served", {}, {.flags = ARPL_SLOT_DOWN});
  add("odd", {.bytes = 129}, {.pair = Pair::fresh});
  add("reply", {.op = 2}, {});
}

}  // namespace

void register_headers() {
  const auto add_parse = [](const char* name, const FrameSpec& frame) {
    benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { parse(state, frame); });
  };
  add_parse("header/parse/who_has", {});
  add_parse("header/parse/tagged", {.tags = {{.tci = 100}}});
  add_parse("header/parse/not_arp", {.ethertype = 0x0800});
  add_decisions();
  benchmark::RegisterBenchmark("header/reply", reply);
  benchmark::RegisterBenchmark("header/bucket/taken", [](auto& state) { bucket(state, packet::milliseconds); });
  benchmark::RegisterBenchmark("header/bucket/refused", [](auto& state) { bucket(state, 0); });
  benchmark::RegisterBenchmark("header/hash", hash);
}

}  // namespace arpline::bench
