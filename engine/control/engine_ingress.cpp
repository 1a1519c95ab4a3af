// SPDX-License-Identifier: Apache-2.0
#include "control/engine_ingress.hpp"

#include <utility>

#include "shared/place.h"
#include "worker/stage.hpp"

namespace arpline {

EngineIngressControl::EngineIngressControl(const Maps& maps) : maps_(maps), earlier_(maps.verdicts()) {
  auto& decision = tables_.decision;
  decision.lease = &maps.lease_word();
  decision.limits = &maps.limits();
  decision.slots = maps.slots();
  decision.stats = maps.stats();
  decision.index = maps.index();
  decision.filter = {reinterpret_cast<__u64*>(maps.filter().data()), maps.filter().size()};
  decision.pairs = maps.pairs();
  decision.heard = maps.heard();
  decision.buckets = maps.buckets();
  decision.keys = maps.hash_keys();
  decision.credit = maps.credit();
  decision.sockets = ~__u64{0};  // the worker is the reader of every queue's ring
}

void EngineIngressControl::publish(const EndpointRegistry& registry) {
  auto next = std::make_unique<Known>();
  next->macs = registry.macs();
  for (const auto& [key, entry] : registry.table().entries()) {
    const auto cell = arpl_index_cell(key.address, key.vlan);
    const auto& bucket = maps_.index()[arpl_index_bucket_of(tables_.decision.keys.factor, cell)];
    if ((bucket.cells[ARPL_INDEX_CELLS - 1] & ARPL_CELL_OVERFLOW) == 0) continue;
    next->endpoints.emplace(
        key,
        arpl_endpoint{.slot = entry.slot, .prefix_bits = entry.desired.prefix_bits, .zero = {}, .dotted = {}});
  }
  __atomic_store_n(&tables_.decision.macs, &next->macs, __ATOMIC_RELEASE);
  __atomic_store_n(&tables_.decision.endpoints, &next->endpoints, __ATOMIC_RELEASE);
  if (known_) old_.push_back(std::move(known_));
  known_ = std::move(next);
}

void EngineIngressControl::collect(const std::function<void(const arpl_event&)>& on_event) {
  const auto* counters = reinterpret_cast<const __u64*>(&tables_.counts);
  auto sum = earlier_;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += load_shared(counters[i]);
  maps_.set_verdicts(sum);
  arpl_event event;
  while (tables_.events.pop(event)) on_event(event);
}

}  // namespace arpline
