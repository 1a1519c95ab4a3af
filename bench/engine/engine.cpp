// SPDX-License-Identifier: Apache-2.0
// The engine without NIC and kernel: port, decision and answer over a DPDK device in memory, in ticks of the
// time stamp counter per frame. Prints one JSON object.
#include <fmt/format.h>
#include <x86intrin.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "port/ethdev.hpp"
#include "port/ethdev_eal.hpp"
#include "worker/engine_ingress.hpp"
#include "world.hpp"

namespace arpline::bench {
namespace {

constexpr std::size_t kBurst = 64;
constexpr unsigned kRoom = 2048;  // frames in the device's rings
constexpr std::size_t kQuestions = 1U << 18U;

struct Options {
  std::vector<std::uint32_t> endpoints{64, 65536};
  unsigned rounds = 11;
  std::size_t frames = 1'000'000;  // in one round
};

struct Ticks {
  double receive = 0, decide = 0, send = 0;  ///< per frame
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// Takes the median of each field: an interruption of the process spoils one sample, not the result.
Ticks median_of(const std::vector<Ticks>& samples) {
  const auto of = [&](double Ticks::*field) {
    std::vector<double> values;
    values.reserve(samples.size());
    for (const auto& one : samples) values.push_back(one.*field);
    return median(std::move(values));
  };
  return {.receive = of(&Ticks::receive), .decide = of(&Ticks::decide), .send = of(&Ticks::send)};
}

// lfence: rdtsc must not run before the instructions above it have ended.
std::uint64_t ticks() noexcept {
  _mm_lfence();
  return __rdtsc();
}

/// The endpoints and tables of one World, and the frames that ask for them, in turn.
class Lane {
 public:
  explicit Lane(std::uint32_t endpoints)
      : world_(endpoints), questions_(world_.questions(kQuestions)), endpoints_(endpoints) {}

  std::uint32_t endpoints() const noexcept { return endpoints_; }

  /// Answers at least `frames` frames, one filled ring at a time; returns the median of the rings.
  Ticks run(EthdevMemory& device, EthdevPort& port, std::size_t frames) {
    std::vector<Ticks> samples;
    for (std::size_t done = 0; done < frames; done += kRoom) {
      device.refill(std::span{questions_}.subspan(next_, kRoom));
      next_ = (next_ + kRoom) % questions_.size();
      Ticks sum;
      while (step(port, sum)) {
      }
      if (device.refill({}) != kRoom) throw SetupError("bench: not every frame was answered");
      samples.push_back(
          {.receive = sum.receive / kRoom, .decide = sum.decide / kRoom, .send = sum.send / kRoom});
    }
    return median_of(samples);
  }

 private:
  bool step(EthdevPort& port, Ticks& sum) {
    const auto t0 = ticks();
    const auto n = port.receive(burst_);
    if (n == 0) return false;
    const Burst burst = Burst{burst_}.first(n);
    const auto t1 = ticks();
    ingress_.classify(burst, Clock::now(), outcomes_);
    const auto t2 = ticks();
    const auto sent = port.send(burst);
    port.release(burst.subspan(sent));
    const auto t3 = ticks();
    const auto answered = std::ranges::count(std::span{outcomes_}.first(n), Outcome::answer);
    if (static_cast<std::size_t>(answered) != n) throw SetupError("bench: a question was not answered");
    sum.receive += static_cast<double>(t1 - t0);
    sum.decide += static_cast<double>(t2 - t1);
    sum.send += static_cast<double>(t3 - t2);
    return true;
  }

  World world_;
  std::size_t next_ = 0;
  std::vector<FrameBytes> questions_;
  std::array<Frame, kBurst> burst_{};
  EngineIngress ingress_{world_.tables()};
  std::uint32_t endpoints_;
  std::array<Outcome, kBurst> outcomes_{};
};

nlohmann::json run(const Options& options) {
  const Eal eal({"--no-telemetry"}, {});
  EthdevMemory device(2 * kRoom);
  EthdevPort port({.device = device.name(), .rings_of = {}, .queues = 1, .kernel = {}});
  port.enable();
  std::vector<std::unique_ptr<Lane>> lanes;
  for (const auto endpoints : options.endpoints) lanes.push_back(std::make_unique<Lane>(endpoints));
  for (auto& lane : lanes) lane->run(device, port, options.frames / 4);
  nlohmann::json rounds = nlohmann::json::array();
  for (unsigned round = 0; round < options.rounds; ++round)
    for (auto& lane : lanes) {
      const auto found = lane->run(device, port, options.frames);
      rounds.push_back({{"endpoints", lane->endpoints()},
                        {"receive", found.receive},
                        {"decide", found.decide},
                        {"send", found.send}});
    }
  return {{"tsc_hz", tsc_hz()},
          {"burst", kBurst},
          {"room", kRoom},
          {"fillings", (options.frames + kRoom - 1) / kRoom},
          {"rounds", rounds}};
}

}  // namespace
}  // namespace arpline::bench

int main(int argc, char** argv) {
  CLI::App app{
      "What the engine costs per frame over a DPDK device in memory, in ticks of the time stamp counter."};
  arpline::bench::Options options;
  app.add_option("--endpoints", options.endpoints, "one lane for each number; rounds take turns");
  app.add_option("--rounds", options.rounds);
  app.add_option("--frames", options.frames, "in a round of one lane");
  CLI11_PARSE(app, argc, argv);
  try {
    fmt::print("{}\n", arpline::bench::run(options).dump());
  } catch (const std::exception& error) {
    fmt::print(stderr, "engine: {}\n", error.what());
    return 1;
  }
  return 0;
}
