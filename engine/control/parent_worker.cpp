// SPDX-License-Identifier: Apache-2.0
#include "control/parent_worker.hpp"

#include <spdlog/spdlog.h>

#include <thread>

#include "base/error.hpp"

namespace arpline {
namespace {

using std::chrono::milliseconds;

// Short, because events wait meanwhile.
constexpr milliseconds kPatienceInTheLoop{50};
constexpr milliseconds kBoundaryPatience{100};
// Longer than a NAPI poll, so that frames that the program redirected before the rings were closed have
// arrived.
constexpr milliseconds kRingsEmpty{5};

}  // namespace

bool wants_ring(const ParentState& state, const Limits& limits, bool fast_path) {
  if (!state.can_have_ring() || state.own.port == PortKind::ethdev) return state.can_have_ring();
  const auto rate = [&](const char* name) { return limits.rate(*find_limit(name)); };
  const bool budget = rate("ring") != Rate{0} || rate("ring_new") != Rate{0};
  return !fast_path || budget || !state.own.fast_path_exclude.empty();
}

ParentWorker::ParentWorker(const ParentState& state, const Maps& maps, std::string pins, ServiceFactory factory)
    : state_(state), maps_(maps), pins_(std::move(pins)), factory_(std::move(factory)) {
  if (state.decides_alone()) ingress_ = std::make_unique<EngineIngressControl>(maps);
}

void ParentWorker::start(bool ring, milliseconds patience) {
  service_ = factory_(
      {.link = state_.link,
       .parent = state_.own,
       .ring = ring,
       .tables = {.slots = maps_.slots(), .credit = maps_.credit(), .counts = maps_.engine_counts().data()},
       .xsks_map_fd = maps_.fd("xsks_map"),
       .pins = pins_,
       .front = ingress_ ? &ingress_->tables() : nullptr,
       .patience = patience});
  ring_ = ring;
  ring_queues_ = {state_.link.rx_queues, state_.link.tx_queues};
}

void ParentWorker::stop() {
  if (!service_) return;
  maps_.close_rings();
  std::this_thread::sleep_for(kRingsEmpty);
  service_->drain_and_stop();
  lost_before_ += service_->lost_orders();
  not_handed_over_before_ += service_->not_handed_over();
  service_.reset();
  ring_ = false;
}

void ParentWorker::fit(bool ring) {
  if (!state_.needs_service()) return stop();
  const bool fits = state_.own.port == PortKind::ethdev ||
                    ring_queues_ == std::pair{state_.link.rx_queues, state_.link.tx_queues};
  if (service_ && ring == ring_ && (fits || !ring_)) return;
  stop();
  try {
    start(ring, kPatienceInTheLoop);
    ring_complaint_.clear();
  } catch (const SetupError& error) {
    if (error.what() != ring_complaint_) spdlog::warn("{}; tried again every second", error.what());
    ring_complaint_ = error.what();
    if (state_.own.port != PortKind::ethdev) start(false, kPatienceInTheLoop);
  }
}

void ParentWorker::publish(const EndpointRegistry& registry) {
  if (ingress_) ingress_->publish(registry);
}

// One burst boundary for all changes: of a thousand withdrawals, the last must not wait for a thousand
// boundaries.
void ParentWorker::settle(const EndpointRegistry& registry, bool changed, bool withdrawn) {
  const bool publishes = ingress_ && changed;
  if (publishes) ingress_->publish(registry);
  const bool passed = (!withdrawn && !publishes) || !service_ || service_->pass_boundary(kBoundaryPatience);
  if (!passed) spdlog::warn("{}: the worker does not pass its burst boundary", state_.name());
  if (publishes && passed) ingress_->forget();
}

void ParentWorker::collect(const std::function<void(const arpl_event&)>& on_event) {
  if (ingress_) ingress_->collect(on_event);
}

bool ParentWorker::healthy(Instant now) {
  const bool alive = !service_ || watchdog_.alive(service_->heartbeat(), now);
  if (alive != healthy_)
    spdlog::error("{}: the worker {}", state_.name(), alive ? "moves again" : "does not move on");
  healthy_ = alive;
  return alive;
}

}  // namespace arpline
