// SPDX-License-Identifier: Apache-2.0
#include "control/gateways.hpp"

#include <algorithm>

#include "kernel/gateways.hpp"

namespace arpline {

void Gateways::enqueue(int nsid, NetnsGateways& netns, Instant at) {
  queue_.erase({netns.at, nsid});
  netns.at = at;
  if (at != kNever) queue_.emplace(at, nsid);
}

void Gateways::configure(std::vector<Ipv4> gateways, bool enabled, Instant now) {
  gateways_ = std::move(gateways);
  enabled_ = enabled;
  fresh_.clear();
  for (const auto& [id, wanted] : wanted_) fresh_.insert(id);
  for (auto& [nsid, netns] : namespaces_) enqueue(nsid, netns, enabled ? now : kNever);
}

void Gateways::add(Id id, const Desired& endpoint, Instant now) {
  erase(id);
  Wanted wanted{.address = endpoint.key.address, .prefix_bits = endpoint.prefix_bits};
  if (endpoint.settings && endpoint.settings->nsid >= 0) {
    wanted.nsid = endpoint.settings->nsid;
    wanted.ifindex = endpoint.settings->ifindex;
    auto& netns = namespaces_[wanted.nsid];
    netns.ids.insert(id);
    netns.reads = 0;
    if (enabled_) enqueue(wanted.nsid, netns, now);
  }
  wanted_.emplace(id, wanted);
  fresh_.insert(id);
}

void Gateways::erase(Id id) {
  const auto it = wanted_.find(id);
  if (it == wanted_.end()) return;
  if (const auto netns = namespaces_.find(it->second.nsid); netns != namespaces_.end()) {
    netns->second.ids.erase(id);
    if (netns->second.ids.empty()) {
      enqueue(netns->first, netns->second, kNever);
      namespaces_.erase(netns);
    }
  }
  wanted_.erase(it);
  fresh_.erase(id);
}

Ipv4 Gateways::configured(const Wanted& wanted) const {
  const auto it = std::ranges::find_if(gateways_, [&](Ipv4 gateway) {
    return gateway != wanted.address && covers(wanted.address, wanted.prefix_bits, gateway);
  });
  return it == gateways_.end() ? 0 : *it;
}

void Gateways::read_routes(int nsid, NetnsGateways& netns, const Found& found) {
  const auto routes = host_.routes_of(nsid);
  if (!routes) return;  // the known gateways stay until the next try
  for (const auto id : netns.ids) {
    const auto& wanted = wanted_.at(id);
    if (configured(wanted) == 0)
      found(id, gateway_of(*routes, wanted.ifindex, wanted.address, wanted.prefix_bits));
  }
}

Instant Gateways::tick(Instant now, const Found& found) {
  for (const auto id : std::exchange(fresh_, {})) {
    const auto it = wanted_.find(id);
    if (it == wanted_.end()) continue;
    // Without a configured gateway the routes decide, where there are any.
    const auto gateway = enabled_ ? configured(it->second) : 0;
    if (gateway != 0 || it->second.nsid < 0) found(id, gateway);
  }
  if (queue_.empty()) return kNever;
  const auto [at, nsid] = *queue_.begin();
  if (at > now) return at;
  auto& netns = namespaces_.at(nsid);
  read_routes(nsid, netns, found);
  enqueue(nsid, netns, now + std::min(kSoon * (1 << std::min(netns.reads++, 6U)), kEvery));
  return queue_.begin()->first;
}

}  // namespace arpline
