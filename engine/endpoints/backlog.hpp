// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "endpoints/address_candidates.hpp"

namespace arpline {

/// Keys that wait to be resolved, by the namespace that changed them. The namespaces take turns, so that one
/// that changes thousands of addresses does not delay another that changes a single one.
class Backlog {
 public:
  static constexpr std::size_t kTurn = 64;  ///< keys that a namespace is served in one turn

  void add(int nsid, const arpl_endpoint_key& key) {
    if (keys_[nsid].insert(key).second) ++size_;
  }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// Removes and returns at most `most` keys with their namespaces.
  std::vector<std::pair<int, arpl_endpoint_key>> take(std::size_t most) {
    std::vector<std::pair<int, arpl_endpoint_key>> taken;
    while (taken.size() < most && size_ > 0) {
      auto at = keys_.upper_bound(last_);
      if (at == keys_.end()) at = keys_.begin();
      last_ = at->first;
      for (std::size_t i = 0; i < kTurn && taken.size() < most && !at->second.empty(); ++i) {
        taken.emplace_back(at->first, *at->second.begin());
        at->second.erase(at->second.begin());
        --size_;
      }
      if (at->second.empty()) keys_.erase(at);
    }
    return taken;
  }

 private:
  std::map<int, std::set<arpl_endpoint_key, KeyLess>> keys_;
  std::size_t size_ = 0;
  int last_ = -3;  // the namespace that was served last; starts below any nsid
};

}  // namespace arpline
