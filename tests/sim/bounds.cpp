// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sim/faults.hpp"
#include "sim/latency.hpp"

// The time in which the network must recover from each fault; docs/simulator.md derives the bounds.
namespace arpline::sim {
namespace {

// A pending resolution is retried after a second, and a ping is sent every half second.
constexpr Time kQuick = 3 * kSecond;
// A peer's kernel repairs a wrong entry alone: DELAY, three unicast who-has, then a broadcast one.
constexpr Time kRepair = Stack::kDelay + Stack::kProbes * Stack::kRetrans + kQuick;
// An entry in state REACHABLE stays in it until its time is over; only then does the repair begin.
constexpr Time kTrusting = Stack::kReachable * 3 / 2 + kRepair;

Time probing(const Protocol::Settings& settings, Time latency) {
  constexpr Time kProbing = 7 * kSecond;  // PROBE_WAIT, twice PROBE_MAX, ANNOUNCE_WAIT
  if (settings.probe == ProbeMode::off) return {};
  return kProbing / (settings.probe == ProbeMode::fast ? 20 : 1) + 3 * latency;
}

}  // namespace

Time Faults::bound(const PlannedFault& fault, std::size_t container) const {
  const auto& settings = fault.fault == Fault::reconfigure ? scenario_.other_settings : scenario_.settings;
  const auto wait = latency(settings.announce, scenario_.containers);
  const auto refresh = settings.announce.refresh;
  const bool defends = settings.on_conflict == OnConflict::always || settings.on_conflict == OnConflict::once;
  // The switch learns the port again from the next refresh, or from the reply to a broadcast who-has.
  const auto relearned = kQuick + (refresh == 0s ? kTrusting : std::min(kTrusting, refresh + wait));
  // A contested address is not announced: a switch that has forgotten it too learns it from the reply to a
  // broadcast.
  const auto repaired = scenario_.behaviour.floods ? kRepair : kTrusting;
  const bool others = container != fault.target;
  switch (fault.fault) {
    case Fault::carrier:
      return kQuick + std::min(kTrusting, probing(settings, wait) + wait);
    case Fault::new_mac:
    case Fault::restart:
    case Fault::comes_back:
    case Fault::interface_down:
      return others ? relearned : kQuick + std::min(kTrusting, probing(settings, wait) + wait);
    case Fault::claims_once:
      return others ? relearned : defends ? kQuick + std::min(repaired, wait) : repaired;
    case Fault::sibling_claims:
    case Fault::host_claims:
      return others ? relearned : repaired;
    case Fault::claims_often:
    case Fault::takes_address:
    case Fault::proxy:
    case Fault::storm:
    case Fault::moves_away:
    case Fault::moves_often:
    case Fault::silent:
      return kTrusting;
    // The peer first repairs the entry that the adversary changed. The switch has forgotten the container
    // meanwhile, so the peer's next broadcast must come too.
    case Fault::adversary:
    case Fault::hostile:
      return kRepair + kTrusting;
    default:
      return relearned;
  }
}

}  // namespace arpline::sim
