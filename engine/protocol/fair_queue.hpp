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

namespace arpline {

/// A queue of endpoints with due times, fair between interfaces: the interfaces with due endpoints take turns,
/// and within an interface the endpoint that is due for longest goes first. So the two thousand addresses of
/// one container delay another container's single address by one turn of each interface at most (start-time
/// fair queueing with equal costs).
class FairQueue {
 public:
  void put(InterfaceKey owner, std::uint64_t at, Id id) {
    auto& line = lines_[owner];
    leave(owner, line);
    line.waiting.emplace(at, id);
    enter(owner, line);
  }

  void erase(InterfaceKey owner, std::uint64_t at, Id id) {
    const auto it = lines_.find(owner);
    if (it == lines_.end()) return;
    auto& line = it->second;
    leave(owner, line);
    line.waiting.erase({at, id});
    if (line.waiting.empty()) {
      lines_.erase(it);
    } else {
      enter(owner, line);
    }
  }

  void clear() { *this = {}; }

  bool empty() const noexcept { return lines_.empty(); }
  std::size_t owners() const noexcept { return lines_.size(); }
  /// The earliest due time; kNever when the queue is empty.
  std::uint64_t first() const { return heads_.empty() ? kNever : heads_.begin()->first; }

  /// The endpoint whose turn it is; nullopt when none is due.
  std::optional<Id> due(std::uint64_t now) {
    while (!asleep_.empty() && asleep_.begin()->first <= now) {
      const auto owner = asleep_.begin()->second;
      asleep_.erase(asleep_.begin());
      auto& line = lines_.at(owner);
      line.turn = std::max(line.turn, turn_);
      line.number = ++number_;
      line.ready = true;
      ready_.emplace(line.turn, line.number, owner);
    }
    while (!ready_.empty()) {
      const auto owner = std::get<2>(*ready_.begin());
      auto& line = lines_.at(owner);
      if (line.waiting.begin()->first <= now) return line.waiting.begin()->second;
      leave(owner, line);
      line.ready = false;
      enter(owner, line);
    }
    return std::nullopt;
  }

  /// The interface has had its turn; the others come before its next one.
  void served(InterfaceKey owner) {
    const auto it = lines_.find(owner);
    if (it == lines_.end()) return;
    auto& line = it->second;
    leave(owner, line);
    turn_ = std::max(turn_, line.turn);
    line.turn = turn_ + 1;
    line.number = ++number_;
    enter(owner, line);
  }

 private:
  struct Line {
    std::set<std::pair<std::uint64_t, Id>> waiting;
    std::uint64_t turn = 0;
    std::uint64_t number = 0;  // breaks ties: the interface that became ready first goes first
    bool ready = false;        // its first endpoint is due
  };

  void leave(InterfaceKey owner, const Line& line) {
    if (line.waiting.empty()) return;
    heads_.erase({line.waiting.begin()->first, owner});
    asleep_.erase({line.waiting.begin()->first, owner});
    ready_.erase({line.turn, line.number, owner});
  }
  void enter(InterfaceKey owner, const Line& line) {
    const auto head = line.waiting.begin()->first;
    heads_.emplace(head, owner);
    if (line.ready) {
      ready_.emplace(line.turn, line.number, owner);
    } else {
      asleep_.emplace(head, owner);
    }
  }

  std::map<InterfaceKey, Line> lines_;
  std::set<std::pair<std::uint64_t, InterfaceKey>> heads_;   // all interfaces, by their first due time
  std::set<std::pair<std::uint64_t, InterfaceKey>> asleep_;  // those that are not ready, by their first due time
  std::set<std::tuple<std::uint64_t, std::uint64_t, InterfaceKey>> ready_;  // in the order of their turns
  std::uint64_t turn_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace arpline
