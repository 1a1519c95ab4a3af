// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/latency.hpp"

namespace arpline::sim {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : rng_(seed) {}
  bool one_in(std::uint64_t n) { return rng_() % n == 0; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return uniform(rng_, low, high); }
  template <class T, std::size_t N>
  T of(const std::array<T, N>& all) {
    return all.at(rng_() % N);
  }

 private:
  Rng rng_;
};

Protocol::Settings draw_settings(Dice& dice, std::size_t containers) {
  Protocol::Settings s;
  s.on_conflict =
      dice.of(std::array{OnConflict::alert, OnConflict::never, OnConflict::once, OnConflict::always});
  s.probe = dice.of(std::array{ProbeMode::off, ProbeMode::off, ProbeMode::rfc5227, ProbeMode::fast});
  s.path_probe = dice.of(std::array{0 * kSecond, 2 * kSecond, 5 * kSecond, 10 * kSecond});
  if (dice.one_in(4)) return s;  // the RFC's schedule
  auto& a = s.announce;
  a.style = dice.of(std::array{Style::request, Style::reply, Style::both});
  a.repeat = static_cast<std::uint32_t>(dice.between(1, 5));
  a.interval = dice.of(std::array{50 * kMs, 500 * kMs, 1 * kSecond, 2 * kSecond});
  a.delay = dice.one_in(3) ? Time{dice.between(3, 10) * kSecond} : Time{};
  a.refresh =
      dice.of(std::array{0 * kSecond, 3 * kSecond, 10 * kSecond, 20 * kSecond, 30 * kSecond, 60 * kSecond});
  a.pps = dice.of(std::array<std::uint64_t, 5>{2, 10, 50, 100, 10000});
  // The pace must allow three times the rate of refreshes and path probes.
  const auto needs = [&](std::uint64_t frames, Time every) {
    if (every != 0s) a.pps = std::max(a.pps, 3 * containers * frames * kSecond / every);
  };
  needs(frames_of(a), a.refresh);
  needs(1, s.path_probe);
  return s;
}

Quality draw_quality(Dice& dice, bool good) {
  Quality q{.delay = duration_from_raw(dice.between(20, 2000) * 1000),
            .jitter = duration_from_raw(dice.between(0, 1000) * 1000),
            .doubled = dice.one_in(3) ? 50U : 0U,
            .reorders = dice.one_in(2)};
  if (good) return q;
  q.jitter = dice.between(0, 50) * kMs;
  q.lost = static_cast<std::uint32_t>(dice.one_in(2) ? dice.between(1, 100) : 0);
  return q;
}

// Long enough for the machines to notice and report the fault.
Time duration(Dice& dice, Fault fault, const Scenario& s) {
  const auto path = s.settings.path_probe;
  const auto noticed = path == 0s ? Time{} : path + 5 * kSecond + latency(s.settings.announce, s.containers);
  switch (fault) {
    case Fault::gateway_gone:
    case Fault::mac_dropped:
      return noticed + dice.between(1000, 15000) * kMs;
    case Fault::worker_full:
      return dice.between(10, 1500) * kMs;
    case Fault::storm:
    case Fault::adversary:
    case Fault::hostile:
      return dice.between(1, 4) * kSecond;
    case Fault::jump:
      return dice.between(1, 600) * kSecond;
    case Fault::moves_often:
      return dice.between(30, 60) * kSecond;
    default:
      return dice.between(100, 25000) * kMs;
  }
}

}  // namespace

std::string_view name_of(Fault fault) {
  static constexpr std::array<std::string_view, kFaults> kNames{
      "none",         "flush",          "flap",         "partition",      "lossy",      "carrier",
      "new_mac",      "restart",        "withdraw",     "interface_down", "moves_away", "comes_back",
      "moves_often",  "claims_once",    "claims_often", "takes_address",  "prober",     "proxy",
      "gateway_gone", "gateway_moved",  "mac_dropped",  "port_locked",    "pause",      "jump",
      "worker_full",  "sibling_claims", "host_claims",  "silent",         "storm",      "reconfigure",
      "adversary",    "hostile"};
  return kNames.at(static_cast<std::size_t>(fault));
}

Scenario draw(std::uint64_t seed, Fault only) {
  Dice dice(seed);
  Scenario s{.seed = seed};
  s.single = only != Fault::kCount || !dice.one_in(3);
  s.containers = dice.one_in(3) ? dice.between(5, 12) : dice.between(1, 4);
  s.vlans = dice.one_in(4) ? 2 : 1;
  s.peers = dice.between(1, 2);
  s.gateways = !dice.one_in(5);
  s.vepa = dice.one_in(4);
  s.polls_events = dice.one_in(4);
  s.fast_path = !dice.one_in(4);
  s.quiet = dice.one_in(3);
  s.announces_itself = dice.one_in(3);
  s.settings = draw_settings(dice, s.containers);
  s.other_settings = draw_settings(dice, s.containers);
  s.quality = draw_quality(dice, s.single);
  s.behaviour = {.ageing = dice.of(std::array{3 * kSecond, 15 * kSecond, 60 * kSecond, 300 * kSecond}),
                 .floods = dice.one_in(2)};
  if (!s.single && dice.one_in(8)) s.most_macs = dice.between(1, s.containers + 2);
  const auto any = [&] { return static_cast<Fault>(dice.between(0, kFaults - 1)); };
  const auto count = s.single ? 1 : dice.between(2, 8);
  s.end = 60 * kSecond + dice.between(0, 120) * kSecond;
  for (std::uint64_t i = 0; i < count; ++i) {
    PlannedFault one{.fault = only != Fault::kCount ? only : any()};
    one.at = dice.between(4000, s.single ? 30000 : s.end / kMs) * kMs;
    one.lasts = duration(dice, one.fault, s);
    one.target = dice.between(0, s.containers - 1);
    s.faults.push_back(one);
  }
  return s;
}

std::string describe(const Scenario& s) {
  static constexpr std::array kStyles{"request", "reply", "both"};
  static constexpr std::array kPolicies{"alert", "never", "once", "always"};
  static constexpr std::array kProbes{"off", "rfc5227", "fast"};
  const auto& a = s.settings.announce;
  auto text = fmt::format(
      "{} containers in {} VLANs, {} peers in each, mode {}{}{}{}{}; delay {} us, jitter {} us, lost {}, "
      "doubled {} of "
      "1000{}\nswitch: ageing {} s, {} unknown unicast, {} MACs a port at most (0: any)\nstyle {}, repeat {}, "
      "interval {} ms, delay {} s, refresh {} s, pps {}, on_conflict {}, probe {}, path_probe {} s\n",
      s.containers, s.vlans, s.peers, s.vepa ? "vepa" : "bridge", s.gateways ? ", gateways" : "",
      s.fast_path ? ", fast path" : "", s.polls_events ? ", events polled" : "", s.quiet ? ", quiet" : "",
      s.quality.delay / 1us, s.quality.jitter / 1us, s.quality.lost, s.quality.doubled,
      s.quality.reorders ? ", reordered" : "", s.behaviour.ageing / kSecond,
      s.behaviour.floods ? "floods" : "drops", s.most_macs, kStyles.at(static_cast<std::size_t>(a.style)),
      a.repeat, a.interval / kMs, a.delay / kSecond, a.refresh / kSecond, a.pps,
      kPolicies.at(static_cast<std::size_t>(s.settings.on_conflict)),
      kProbes.at(static_cast<std::size_t>(s.settings.probe)), s.settings.path_probe / kSecond);
  for (const auto& one : s.faults)
    text += fmt::format("{} of container {} at {:.3f} s for {:.3f} s\n", name_of(one.fault), one.target,
                        in_seconds(one.at), in_seconds(one.lasts));
  return text;
}

}  // namespace arpline::sim
