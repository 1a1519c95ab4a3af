// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sim/faults.hpp"
#include "sim/latency.hpp"

// How long the network may take to get over a fault; docs/simulator.md derives each.
namespace arpline::sim {
namespace {

// A resolution that was under way is tried again after a second, and a ping is sent every half second.
constexpr Time kQuick = 3 * kSecond;
// What a peer's kernel does alone with an entry that has changed and is not answered: DELAY, three unicast
// who-has, a broadcast one.
constexpr Time kRepair = Stack::kDelay + Stack::kProbes * Stack::kRetrans + kQuick;
// With one that it thinks reachable, it begins when that time is over.
constexpr Time kTrusting = Stack::kReachable * 3 / 2 + kRepair;

Time probing(const Protocol::Settings& settings, Time latency) {
  constexpr Time kProbing = 7 * kSecond;  // PROBE_WAIT, twice PROBE_MAX, ANNOUNCE_WAIT
  if (settings.probe == ProbeMode::off) return 0;
  return kProbing / (settings.probe == ProbeMode::fast ? 20 : 1) + 3 * latency;
}

}  // namespace

Time Faults::bound(const PlannedFault& fault, std::size_t container) const {
  const auto& settings = fault.fault == Fault::reconfigure ? scenario_.other_settings : scenario_.settings;
  const auto wait = latency(settings.announce, scenario_.containers);
  const auto refresh = settings.announce.refresh_ns;
  const bool defends = settings.on_conflict == OnConflict::always || settings.on_conflict == OnConflict::once;
  // Until the switch knows the way again: the next refresh, or a broadcast that the container's kernel answers.
  const auto relearned = kQuick + (refresh == 0 ? kTrusting : std::min(kTrusting, refresh + wait));
  // Nobody announces what is contested: a switch that has forgotten it as well waits for the broadcast.
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
    // The peer gets rid of what it was told, and then the switch, which has forgotten the container meanwhile,
    // waits for the peer's next broadcast.
    case Fault::adversary:
    case Fault::hostile:
      return kRepair + kTrusting;
    default:
      return relearned;
  }
}

}  // namespace arpline::sim
