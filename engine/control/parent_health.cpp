// SPDX-License-Identifier: Apache-2.0
#include "control/parent_health.hpp"

#include <spdlog/spdlog.h>

#include "base/clock.hpp"
#include "kernel/ethtool.hpp"

namespace arpline {
namespace {

// Polled, because a change of the queues (ethtool -L) raises no event.
bool read_queue_counts(ParentState& state) {
  if (state.decides_alone()) return false;
  auto& link = state.link;
  const auto driver = driver_info(link.name);
  if (driver.rx_queues == link.rx_queues && driver.tx_queues == link.tx_queues) return false;
  link.rx_queues = driver.rx_queues;
  link.tx_queues = driver.tx_queues;
  return true;
}

// Polled, because a change of the offloads (ethtool -K) raises no event.
bool read_offloads(Netlink& route, LinkInfo& link) {
  const auto info = find_link(route, link.ifindex);
  if (!info || (info->rx_vlan_offload == link.rx_vlan_offload && info->rx_stag_offload == link.rx_stag_offload))
    return false;
  link.rx_vlan_offload = info->rx_vlan_offload;
  link.rx_stag_offload = info->rx_stag_offload;
  return true;
}

}  // namespace

void ParentHealth::write_settings() {
  const bool hidden = parts_.tags.any();
  parts_.settings.write(switches_of(parts_.state, hidden, parts_.fast_path.on()),
                        parts_.shared.neighbours.room_of_a_parent());
  parts_.protocol.hide_tags(hidden);
}

bool ParentHealth::worker_wants_ring() const {
  return wants_ring(parts_.state, parts_.settings.limits(), parts_.fast_path.on());
}

void ParentHealth::fit_worker() {
  parts_.worker.fit(worker_wants_ring());
}

void ParentHealth::tick() {
  check_peer();
  parts_.egress.tick(Clock::now());
}

void ParentHealth::second() {
  const auto now = Clock::now();
  const auto& neighbours = parts_.shared.neighbours;
  parts_.settings.rotate_filters(now, [this] { write_settings(); });
  if (parts_.settings.follow_neighbours(neighbours.full_at(), neighbours.room_of_a_parent())) write_settings();
  check_driver(now);
  if (read_queue_counts(parts_.state)) write_settings();
  fit_worker();
  parts_.groups.watch();
  if (parts_.tags.in_play() && read_offloads(parts_.route, parts_.state.link)) write_settings();
}

void ParentHealth::check_peer() {
  if (!parts_.fast_path.check_peer()) return;
  write_settings();
  fit_worker();
}

void ParentHealth::on_link_elsewhere(std::optional<int> nsid, int ifindex) {
  if (parts_.fast_path.is_peer(nsid, ifindex)) check_peer();
}

void ParentHealth::check_driver(Instant now) {
  const auto refused = parts_.shared.refused.count(parts_.state.link.ifindex);
  if (!refused) return;
  const auto verdicts = parts_.attachment.maps().verdicts();
  if (parts_.fast_path.check_driver(verdicts.at(ARPL_reflect) + verdicts.at(ARPL_reflect_new), *refused, now))
    write_settings();
}

void ParentHealth::read_tags() {
  if (!parts_.tags.read()) return;
  write_settings();
  if (parts_.tags.any())
    spdlog::warn(
        "{}: tagged frames come in, and the NIC takes their tags out: who-has above the to_child budget pass",
        parts_.state.name());
}

}  // namespace arpline
