// SPDX-License-Identifier: Apache-2.0
#include "control/engine_ingress.hpp"

#include <utility>

#include "base/shared_word.hpp"
#include "shared/hash.h"
#include "worker/stage.hpp"

namespace arpline {

EngineIngressControl::EngineIngressControl(const Maps& maps) : maps_(maps), earlier_(maps.verdicts()) {
  tables_.lease = &maps.lease_word();
  tables_.limits = &maps.limits();
  tables_.slots = maps.slots();
  tables_.stats = maps.stats();
  tables_.index = maps.index();
  tables_.filter = {reinterpret_cast<__u64*>(maps.filter().data()), maps.filter().size()};
  tables_.pairs = maps.pairs();
  tables_.heard = maps.heard();
  tables_.buckets = maps.buckets();
  tables_.keys = maps.hash_keys();
  tables_.credit = maps.credit();
  tables_.sockets = ~__u64{0};  // all queues: the worker reads every queue's ring
  tables_.verdicts = &verdicts_;
  tables_.events = &events_;
}

void EngineIngressControl::publish(const EndpointRegistry& registry) {
  auto next = std::make_unique<Known>();
  next->macs = registry.macs();
  for (const auto& [key, entry] : registry.table().entries()) {
    const auto cell = arpl_index_cell(key.address, key.vlan);
    const auto& set = maps_.index()[arpl_index_set_of(tables_.keys.factor, cell)];
    if ((set.cells[ARPL_INDEX_CELLS - 1] & ARPL_CELL_OVERFLOW) == 0) continue;
    next->endpoints.emplace(
        key,
        arpl_endpoint{.slot = entry.slot, .prefix_bits = entry.desired.prefix_bits, .zero = {}, .dotted = {}});
  }
  store_shared(tables_.macs, &next->macs);
  store_shared(tables_.endpoints, &next->endpoints);
  if (known_) old_.push_back(std::move(known_));
  known_ = std::move(next);
}

void EngineIngressControl::collect(const std::function<void(const arpl_event&)>& on_event) {
  const auto* counters = reinterpret_cast<const __u64*>(&verdicts_);
  auto sum = earlier_;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += load_shared(counters[i]);
  maps_.set_verdicts(sum);
  arpl_event event;
  while (events_.pop(event)) on_event(event);
}

}  // namespace arpline
