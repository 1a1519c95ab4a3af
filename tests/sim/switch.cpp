// SPDX-License-Identifier: Apache-2.0
#include "sim/switch.hpp"

namespace arpline::sim {
namespace {

// The capacity of a small switch's table. Frames to a MAC without an entry are flooded.
constexpr std::size_t kMostMacs = 8192;

}  // namespace

Switch::Port Switch::plug(Cable& cable) {
  const auto port = ports_.size();
  ports_.push_back({.cable = &cable});
  cable.attach(1, [this, port](const Packet& packet) { receive(port, packet); });
  return port;
}

void Switch::drop(Mac mac, bool drops) {
  if (drops) {
    dropped_.insert(mac);
    std::erase_if(table_, [&](const auto& one) { return one.first.second == mac; });
  } else {
    dropped_.erase(mac);
  }
}

void Switch::forget(Port port) {
  std::erase_if(table_, [&](const auto& one) { return one.second.port == port; });
}

const Switch::Learned* Switch::find(const Key& key) const {
  const auto at = table_.find(key);
  if (at == table_.end() || queue_.now() - at->second.when > behaviour_.ageing) return nullptr;
  return &at->second;
}

bool Switch::admits(Port port, const Key& source) {
  auto& state = ports_.at(port);
  if (dropped_.contains(source.second)) return false;
  if (state.locked) {
    const auto* known = find(source);
    if (known == nullptr || known->port != port) return false;
  }
  if (state.most_macs == 0 || state.seen.contains(source.second)) return true;
  if (state.seen.size() >= state.most_macs) return false;
  state.seen.insert(source.second);
  return true;
}

void Switch::receive(Port port, const Packet& packet) {
  const Key source{packet.arp.vlan, packet.arp.eth_src};
  if (!admits(port, source)) {
    trace_.frame("switch drops", packet);
    return;
  }
  if (table_.contains(source) || table_.size() < kMostMacs) table_[source] = {port, queue_.now()};
  const bool reflects = ports_.at(port).reflects;
  const auto* known = packet.broadcast() ? nullptr : find({packet.arp.vlan, packet.arp.eth_dst});
  if (known != nullptr) {
    if (known->port != port || reflects) send(known->port, packet);
    return;
  }
  if (!packet.broadcast() && !behaviour_.floods) {
    trace_.frame("switch knows not", packet);
    return;
  }
  for (Port to = 0; to < ports_.size(); ++to)
    if (to != port || reflects) send(to, packet);
}

}  // namespace arpline::sim
