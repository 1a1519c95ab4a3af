// SPDX-License-Identifier: Apache-2.0
#include "sim/machine.hpp"

#include <array>
#include <string_view>

#include "sim/packet.hpp"

namespace arpline::sim {

void WatchedMachines::put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now,
                          Actions& actions) {
  now_ = now;
  trace_.event(arrival == Arrival::found ? "found" : "changed", id, subject.mac);
  watcher_.on_put(id, subject, arrival, now);
  Between::put(id, subject, arrival, now, actions);
}

void WatchedMachines::erase(Id id, Instant now) {
  Between::erase(id, now);
  watcher_.on_erase(id, now);
}

void WatchedMachines::set_gateway(Id id, Ipv4 gateway, bool at_parent, Instant now) {
  Between::set_gateway(id, gateway, at_parent, now);
  watcher_.on_gateway(id, gateway);
}

void WatchedMachines::carrier_up(Instant now) {
  trace_.event("carrier up");
  watcher_.on_carrier_up(now);
  Between::carrier_up(now);
}

void WatchedMachines::on_claim(Id id, Claim claim, Instant now, Actions& actions) {
  now_ = now;
  Between::on_claim(id, claim, now, actions);
  watcher_.on_claim(id, claim, now);
}

void WatchedMachines::on_answer(Id id, Mac mac, Instant at, Actions& actions) {
  now_ = at;
  watcher_.on_gateway_answers(mac);
  Between::on_answer(id, mac, at, actions);
}

Instant WatchedMachines::tick(Instant now, Actions& actions) {
  now_ = now;
  const auto wake = Between::tick(now, actions);
  watcher_.on_tick(now);
  return wake;
}

bool WatchedMachines::send_as(const Outgoing& frame) {
  if (!to().send(frame)) return false;
  static constexpr std::array kWords{"announces", "defends", "probes", "asks the gateway", "asks as the host"};
  trace_.frame(kWords.at(static_cast<std::size_t>(frame.purpose)), arp_packet(frame.frame));
  watcher_.on_send(frame, now_);
  return true;
}

void WatchedMachines::report_as(const Report& report) {
  static constexpr std::array<std::string_view, 12> kWords{
      "reports conflict",  "reports defended", "reports gave_up",       "reports moves_often",
      "reports moves_end", "reports over",     "reports suspect",       "reports lost",
      "reports fine",      "reports back",     "reports gateway_moved", "reports disputed"};
  trace_.event(kWords.at(static_cast<std::size_t>(report.kind)), report.id, report.mac);
  watcher_.on_report(report, now_);
  to().report(report);
}

}  // namespace arpline::sim
