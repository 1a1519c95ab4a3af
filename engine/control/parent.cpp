// SPDX-License-Identifier: Apache-2.0
#include "control/parent.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "base/clock.hpp"

namespace arpline {

ServedParent::ServedParent(const Config& config, const ParentConfig& own, const LinkInfo& link,
                           const Snapshot& snapshot, Shared shared, std::chrono::milliseconds patience)
    : parts_({.config = config, .own = own, .link = link, .parent = snapshot.parent}, std::move(shared)),
      events_(parts_.attachment.maps().fd("events"), [this](const arpl_event& event) { on_event(event); }) {
  parts_.shared.neighbours.count_parents();
  begin(snapshot, patience);
  spdlog::info("{}: serving {} endpoints in mode {}{}", parts_.state.name(),
               parts_.registry.table().entries().size(), config.mode == Mode::observe ? "observe" : "answer",
               parts_.attachment.programs().took_over() ? ", with what an earlier run left pinned" : "");
}

// Fills the maps before the programs are attached. The lease, without which they answer nothing, comes last.
void ServedParent::begin(const Snapshot& snapshot, std::chrono::milliseconds patience) {
  health_.write_settings();
  auto changes = parts_.registry.start(parts_.state.own, snapshot);
  parts_.protocol.start(Clock::now());
  parts_.worker.publish(parts_.registry);
  parts_.attachment.attach();
  parts_.shared.refused.watch(ifindex());
  if (parts_.state.needs_service()) parts_.worker.start(health_.worker_wants_ring(), patience);
  parts_.attachment.begin_lease();
  second();
  tick();
  keep_up(Clock::now());
  parts_.changes.write(std::move(changes), Clock::now());
}

ServedParent::~ServedParent() {
  if (!stopped_) stop(OnStop::detach);
}

void ServedParent::use_limits(const Limits& limits) {
  parts_.settings.set_limits(limits);
  health_.write_settings();
  health_.fit_worker();
}

void ServedParent::tick() {
  if (!attached()) return;
  health_.tick();
  parts_.worker.collect([this](const arpl_event& event) { on_event(event); });
}

void ServedParent::second() {
  parts_.changes.second();
  health_.second();
}

Instant ServedParent::keep_up(Instant now) {
  const bool answers = parts_.state.config.mode == Mode::answer;
  if (now >= keep_up_at_ && attached())
    keep_up_at_ = parts_.protocol.run(now, answers ? parts_.worker.service() : nullptr);
  return keep_up_at_;
}

void ServedParent::follow(Table::Changes changes, Instant heard_at) {
  parts_.protocol.follow(changes, Clock::now());
  keep_up_at_ = kNoTime;
  parts_.changes.add(std::move(changes), heard_at, Clock::now());
}

void ServedParent::settle() {
  parts_.worker.settle(parts_.registry, parts_.changes.changed(), parts_.changes.withdrawn());
  parts_.changes.settle(Clock::now());
}

void ServedParent::update(int nsid, const std::vector<Interface>& children, Instant heard_at) {
  std::vector<Interface> ours;
  for (const auto& child : children)
    if (child.parent == ifindex()) ours.push_back(child);
  follow(parts_.registry.update(nsid, std::move(ours), heard_at), heard_at);
}

void ServedParent::host_has(HostAddresses addresses, Instant heard_at) {
  follow(parts_.registry.host_has(std::move(addresses), heard_at), heard_at);
  settle();
}

void ServedParent::go_on() {
  if (parts_.registry.done()) return;
  const auto since = parts_.registry.due_since();
  follow(parts_.registry.go_on(), since);
  settle();
}

void ServedParent::update_link(const ParentLink& link) {
  auto& state = parts_.state;
  if (link == state.parent) return;
  if (carrier_came_back(state.parent, link)) parts_.protocol.carrier_up(Clock::now());
  keep_up_at_ = kNoTime;
  state.parent = link;
  if (link.name != state.link.name) parts_.shared.history.rename(state.link.name, link.name);
  state.link.name = link.name;
  parts_.protocol.rename(link.name);
  parts_.registry.set_parent(link);
  parts_.worker.publish(parts_.registry);
  if (const auto info = find_link(parts_.route, ifindex())) state.link = *info;
  health_.write_settings();
}

void ServedParent::reconfigure(const Config& config, const ParentConfig& own) {
  auto& state = parts_.state;
  state.config = config;
  state.own = own;
  parts_.settings.set_limits(config.limits);
  parts_.protocol.set(config, own, Clock::now());
  keep_up_at_ = kNoTime;
  parts_.groups.set_limits();
  // A new worker starts before the settings let the program redirect frames to it; an old one stops after them.
  if (state.needs_service() && parts_.worker.service() == nullptr) health_.fit_worker();
  health_.write_settings();
  health_.fit_worker();
  const auto now = Clock::now();
  follow(parts_.registry.choose(own, now), now);
  settle();
}

void ServedParent::on_event(const arpl_event& event) {
  if (parts_.events.on(event, Clock::now())) keep_up_at_ = kNoTime;
}

bool ServedParent::drain_events() noexcept {
  events_.drain();
  return parts_.events.take_stranger();
}

void ServedParent::stop(OnStop how) {
  if (stopped_) return;
  stopped_ = true;
  parts_.shared.refused.forget(ifindex());
  const bool keep = how == OnStop::keep && attached();
  parts_.attachment.end_lease(keep);
  parts_.worker.stop();
  keep ? parts_.attachment.keep() : parts_.attachment.detach();
  spdlog::info("{}: {}", parts_.state.name(), keep ? "stopped, programs kept" : "detached");
}

}  // namespace arpline
