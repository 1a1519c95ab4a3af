// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/published.hpp"

#include "endpoints/table.hpp"

namespace arpline::replay {
namespace {

// Written once, from nothing: nothing is ever erased.
class Collected : public EndpointMap {
 public:
  bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) override {
    all_.emplace_back(key, value);
    return true;
  }
  void erase(const arpl_endpoint_key& /*key*/) override {}
  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() override { return all_; }

 private:
  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all_;
};

}  // namespace

std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> publish(const std::vector<Desired>& endpoints,
                                                                 std::span<arpl_slot> slots,
                                                                 std::span<arpl_endpoint_stats> stats,
                                                                 const Index& index) {
  Collected map;
  Table{slots, stats, index, map}.reconcile(endpoints);
  return map.all();
}

}  // namespace arpline::replay
