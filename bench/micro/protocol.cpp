// SPDX-License-Identifier: Apache-2.0
#include "protocol/protocol.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

#include "benches.hpp"

namespace arpline::bench {
namespace {

constexpr Duration kSecond = 1s;
constexpr Duration kMillisecond = 1ms;
constexpr Ipv4 kGateway = 0x0100000a;
constexpr Mac kGatewayMac = 0x0702;

// A parent with all endpoints served and a gateway that answers at once.
class Parent final : private Actions {
 public:
  Parent(std::size_t endpoints, bool paths)
      : slots_(endpoints),
        stats_(endpoints),
        protocol_({.announce = {.pps = 1'000'000}, .path_probe = paths ? 10 * kSecond : 0s},
                  {.slots = slots_, .stats = stats_, .limits = &limits_}, 1) {
    for (Id id = 0; id < endpoints; ++id) {
      slots_[id].word = 0x020000000000 + id;
      protocol_.put(id, {.mac = slots_[id].word, .address = id + 1}, Arrival::found, now_, *this);
      protocol_.set_gateway(id, kGateway, false, now_);
    }
    for (int second = 0; second < 120; ++second) pass();
  }

  // One second of the machines, woken as the control loop wakes them.
  void pass() {
    const auto end = now_ + kSecond;
    while (now_ < end) {
      const auto wake = protocol_.tick(now_, *this);
      for (const auto id : asked_) protocol_.on_answer(id, kGatewayMac, now_, *this);
      asked_.clear();
      now_ = std::min(end, std::max(now_ + kMillisecond, wake));
    }
  }

 private:
  bool send(const Outgoing& frame) override {
    if (frame.purpose == Purpose::ask_gateway) asked_.push_back(frame.id);
    benchmark::DoNotOptimize(frame);
    return true;
  }
  void report(const Report&) override {}

  std::vector<arpl_slot> slots_;
  std::vector<arpl_endpoint_stats> stats_;
  arpl_limits limits_{};
  Instant now_{kSecond};
  std::vector<Id> asked_;
  Protocol protocol_;
};

// Reports the time per endpoint, hence manual time.
void second(benchmark::State& state, std::size_t endpoints, bool paths) {
  Parent parent(endpoints, paths);
  for ([[maybe_unused]] auto _ : state) {
    const auto from = std::chrono::steady_clock::now();
    parent.pass();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
    state.SetIterationTime(took.count() / static_cast<double>(endpoints));
  }
}

}  // namespace

void register_protocol() {
  for (const std::size_t endpoints : {64, 65536}) {
    for (const bool paths : {false, true}) {
      const auto name =
          std::string{"protocol/"} + (paths ? "announce_and_ask_" : "announce_") + std::to_string(endpoints);
      benchmark::RegisterBenchmark(name.c_str(), [=](auto& state) { second(state, endpoints, paths); })
          ->UseManualTime()
          ->Iterations(60);
    }
  }
}

}  // namespace arpline::bench
