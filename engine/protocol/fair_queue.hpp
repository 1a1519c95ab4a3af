// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "protocol/announced_endpoint.hpp"
#include "protocol/timing.hpp"

namespace arpline {

/// A queue of endpoints with due times, fair between namespaces: those with due endpoints take turns, and
/// within a namespace the endpoint that is due for longest goes first. So the two thousand addresses of one
/// container delay another container's single address by one turn of each namespace at most (start-time fair
/// queueing with equal costs).
class FairQueue {
 public:
  void put(NetnsKey owner, Instant at, Id id) {
    auto& flow = flows_[owner];
    unlink(owner, flow);
    flow.waiting.emplace(at, id);
    link(owner, flow);
  }

  void erase(NetnsKey owner, Instant at, Id id) {
    const auto it = flows_.find(owner);
    if (it == flows_.end()) return;
    auto& flow = it->second;
    unlink(owner, flow);
    flow.waiting.erase({at, id});
    if (flow.waiting.empty()) {
      flows_.erase(it);
    } else {
      link(owner, flow);
    }
  }

  void clear() { *this = {}; }

  bool empty() const noexcept { return flows_.empty(); }
  /// The earliest due time; kNever when the queue is empty.
  Instant first() const { return by_first_due_.empty() ? kNever : by_first_due_.begin()->first; }

  /// The endpoint whose turn it is; nullopt when none is due.
  std::optional<Id> due(Instant now) {
    while (!not_ready_.empty() && not_ready_.begin()->first <= now) {
      const auto owner = not_ready_.begin()->second;
      not_ready_.erase(not_ready_.begin());
      auto& flow = flows_.at(owner);
      flow.turn = std::max(flow.turn, turn_);
      flow.number = ++number_;
      flow.ready = true;
      ready_.emplace(flow.turn, flow.number, owner);
    }
    while (!ready_.empty()) {
      const auto owner = std::get<2>(*ready_.begin());
      auto& flow = flows_.at(owner);
      if (flow.waiting.begin()->first <= now) return flow.waiting.begin()->second;
      unlink(owner, flow);
      flow.ready = false;
      link(owner, flow);
    }
    return std::nullopt;
  }

  /// The namespace has had its turn; the others come before its next one.
  void served(NetnsKey owner) {
    const auto it = flows_.find(owner);
    if (it == flows_.end()) return;
    auto& flow = it->second;
    unlink(owner, flow);
    turn_ = std::max(turn_, flow.turn);
    flow.turn = turn_ + 1;
    flow.number = ++number_;
    link(owner, flow);
  }

 private:
  struct Flow {
    std::set<std::pair<Instant, Id>> waiting;
    std::uint64_t turn = 0;
    std::uint64_t number = 0;  // breaks ties: the namespace that became ready first goes first
    bool ready = false;        // its first endpoint is due
  };

  void unlink(NetnsKey owner, const Flow& flow) {
    if (flow.waiting.empty()) return;
    by_first_due_.erase({flow.waiting.begin()->first, owner});
    not_ready_.erase({flow.waiting.begin()->first, owner});
    ready_.erase({flow.turn, flow.number, owner});
  }
  void link(NetnsKey owner, const Flow& flow) {
    const auto head = flow.waiting.begin()->first;
    by_first_due_.emplace(head, owner);
    if (flow.ready) {
      ready_.emplace(flow.turn, flow.number, owner);
    } else {
      not_ready_.emplace(head, owner);
    }
  }

  std::map<NetnsKey, Flow> flows_;
  std::set<std::pair<Instant, NetnsKey>> by_first_due_;  // all namespaces, by their first due time
  std::set<std::pair<Instant, NetnsKey>> not_ready_;     // those that are not ready, by their first due time
  std::set<std::tuple<std::uint64_t, std::uint64_t, NetnsKey>> ready_;  // in the order of their turns
  std::uint64_t turn_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace arpline
