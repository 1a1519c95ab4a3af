// SPDX-License-Identifier: Apache-2.0
#include "sim/recovery.hpp"

#include <fmt/core.h>

#include "sim/latency.hpp"

namespace arpline::sim {
namespace {

constexpr Time kPingEvery = 500 * kMs;
constexpr std::uint32_t kPeersAtMost = 16;

// The time to observe after a fault, in which contested and moving addresses return to normal.
Time tail_of(Fault fault) {
  switch (fault) {
    case Fault::claims_once:
    case Fault::claims_often:
    case Fault::takes_address:
    case Fault::proxy:
    case Fault::sibling_claims:
    case Fault::host_claims:
    case Fault::storm:
    case Fault::adversary:
    case Fault::hostile:
      return 75 * kSecond;
    case Fault::moves_often:
      return 200 * kSecond;
    default:
      return 10 * kSecond;
  }
}

}  // namespace

Recovery::Recovery(const Scenario& scenario, Queue& queue, Network& network, Checks& checks, Faults& faults,
                   Findings& findings)
    : scenario_(scenario),
      queue_(queue),
      network_(network),
      checks_(checks),
      faults_(faults),
      findings_(findings) {
  for (std::size_t i = 0; i < scenario.containers; ++i) {
    const auto peers = network.peers_of(i);
    for (std::size_t j = 0; j < peers.size(); ++j) {
      peers[j]->stack.on_pong([this](const Packet& pong) {
        if (pong.number != 0)
          waiting_.erase({(pong.number - 1) / kPeersAtMost, (pong.number - 1) % kPeersAtMost});
      });
    }
  }
}

std::optional<Id> Recovery::id_of(std::size_t container) const {
  return network_.host().daemon().id_of(network_.address_of(container), network_.vlan_of(container));
}

void Recovery::fault_begins() {
  began_at_ = queue_.now();
  auto& host = network_.host();
  const auto target = fault().target;
  if (fault().fault == Fault::gateway_moved) {
    for (std::size_t i = 0; i < scenario_.containers; ++i)
      if (network_.vlan_of(i) == network_.vlan_of(target)) expect_moved(i);
  }
  if (fault().fault == Fault::flap && !scenario_.vepa && host.runs(target)) {
    queue_.after(kSecond, [this, target, &host] {
      const auto view = host.daemon().view(network_.address_of(target), network_.vlan_of(target));
      findings_.check(Property::seen_outside, view.seen_outside.has_value(),
                      [&] { return fmt::format("container {}'s MAC came in from the wire", target); });
    });
  }
}

// Only an endpoint that asked its gateway before can see another MAC.
void Recovery::expect_moved(std::size_t container) {
  const auto view = network_.host().daemon().view(network_.address_of(container), network_.vlan_of(container));
  if (!view.path || view.path->gateway_mac == 0 || view.path->state != PathState::reachable) return;
  const auto wait = scenario_.settings.path_probe + 4 * kSecond +
                    4 * latency(scenario_.settings.announce, scenario_.containers);
  look_until_ = std::max(look_until_, queue_.now() + wait);
  queue_.after(wait, [this, container] {
    const auto id = id_of(container);
    // With doubled frames, the gateway's second answer may count as another station's; the report is then
    // `disputed`.
    const auto later =
        network_.host().daemon().view(network_.address_of(container), network_.vlan_of(container));
    const bool disputed = scenario_.quality.doubled != 0 && later.path && later.path->disputed_by != 0;
    findings_.check(Property::gateway_moved,
                    disputed || (id && checks_.told(*id, ReportKind::gateway_moved) > 0),
                    [&] { return fmt::format("container {}'s gateway has another MAC", container); });
  });
}

void Recovery::expect_path(std::size_t container, bool host_reaches) {
  const auto id = id_of(container);
  if (!id || scenario_.settings.path_probe == 0s || !scenario_.gateways) return;
  const auto began = network_.host().now() - (queue_.now() - began_at_);
  findings_.check(Property::path_lost, checks_.told_at(*id, ReportKind::path_lost) > began,
                  [&] { return fmt::format("container {} does not reach its gateway", container); });
  const auto view = network_.host().daemon().view(network_.address_of(container), network_.vlan_of(container));
  findings_.check(Property::path_blame, view.path && view.path->host_reaches == host_reaches, [&] {
    return fmt::format("container {}: whether the host reaches its gateway is {}", container,
                       !view.path || !view.path->host_reaches ? "unknown" : "wrong");
  });
  expect_back(container);
}

void Recovery::expect_back(std::size_t container) {
  const auto since = network_.host().now();
  const auto wait = scenario_.settings.path_probe + 3 * kSecond +
                    2 * latency(scenario_.settings.announce, scenario_.containers);
  look_until_ = std::max(look_until_, queue_.now() + wait + kMs);
  queue_.after(wait, [this, container, since] {
    const auto id = id_of(container);
    findings_.check(Property::path_back, id && checks_.told_at(*id, ReportKind::path_back) > since,
                    [&] { return fmt::format("container {} reaches its gateway again", container); });
  });
}

void Recovery::fault_ends() {
  ended_ = true;
  auto& host = network_.host();
  const auto target = fault().target;
  if (fault().fault == Fault::gateway_gone) {
    for (std::size_t i = 0; i < scenario_.containers; ++i)
      if (network_.vlan_of(i) == network_.vlan_of(target)) expect_path(i, false);
  }
  if (fault().fault == Fault::mac_dropped) expect_path(target, true);
  if (fault().fault == Fault::moves_often)
    findings_.check(Property::moves_noticed, checks_.told(ReportKind::moves_too_often) > 0,
                    [&] { return fmt::format("container {} has moved six times", target); });
  look_until_ = std::max(look_until_, queue_.now() + tail_of(fault().fault));
  for (std::size_t i = 0; i < scenario_.containers; ++i) {
    // After a move, the address must be reachable at its new place.
    if (!host.runs(i) && !(fault().fault == Fault::moves_away && i == target)) continue;
    for (std::size_t j = 0; j < network_.peers_of(i).size(); ++j) {
      waiting_.insert({i, j});
      ping({i, j}, queue_.now() + faults_.bound(fault(), i));
    }
  }
}

void Recovery::ping(Pair pair, Time until) {
  if (!waiting_.contains(pair)) {
    findings_.check(Property::reachable, true, [] { return ""; });
    return;
  }
  if (queue_.now() > until) {
    findings_.check(Property::reachable, false, [&] {
      return fmt::format("container {} is not reached by peer {}, {} ms after the fault {}", pair.first,
                         pair.second, faults_.bound(fault(), pair.first) / kMs, name_of(fault().fault));
    });
    waiting_.erase(pair);
    return;
  }
  const auto peers = network_.peers_of(pair.first);
  const auto number =
      static_cast<std::uint32_t>(pair.first) * kPeersAtMost + static_cast<std::uint32_t>(pair.second) + 1;
  peers[pair.second]->stack.ping(network_.address_of(pair.first), number);
  queue_.after(kPingEvery, [=, this] { ping(pair, until); });
}

}  // namespace arpline::sim
