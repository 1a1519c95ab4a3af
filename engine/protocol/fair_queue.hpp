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

/// What is due when, for many interfaces. Of what is due, one interface has its turn after the other, however
/// much each has waiting; within an interface who has waited longest is next. So two thousand addresses of one
/// container delay the others' by as many turns as there are interfaces, and no more (start-time fair queueing,
/// every turn costs the same).
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
  /// When the first is due; kNever: nothing waits.
  std::uint64_t first() const { return heads_.empty() ? kNever : heads_.begin()->first; }

  /// Whose turn it is; none: nothing is due.
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

  /// The owner has had its turn: those of the others come before its next one.
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
    std::uint64_t number = 0;  // who became ready first is first among equals
    bool ready = false;        // its first was due
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
  std::set<std::pair<std::uint64_t, InterfaceKey>> heads_;   // of all
  std::set<std::pair<std::uint64_t, InterfaceKey>> asleep_;  // of those whose first is not due yet
  std::set<std::tuple<std::uint64_t, std::uint64_t, InterfaceKey>> ready_;  // by whose turn it is
  std::uint64_t turn_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace arpline
