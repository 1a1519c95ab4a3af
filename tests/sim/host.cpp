// SPDX-License-Identifier: Apache-2.0
#include "sim/host.hpp"

#include <algorithm>
#include <utility>

namespace arpline::sim {
namespace {

constexpr int kParentIndex = 2;
constexpr int kFirstNsid = 10;
// From an interface's change until control has read the kernel's notification.
constexpr Time kDiscovery = 3 * kMs;

}  // namespace

Host::Host(Queue& queue, Rng& rng, Trace& trace, Cable& cable, const Setup& setup, Watcher& watcher)
    : queue_(queue),
      rng_(rng),
      trace_(trace),
      cable_(cable),
      setup_(setup),
      parent_(queue, rng, {.mac = setup.mac, .address = setup.address},
              [this](const Packet& packet) { transmit(packet); }),
      clock_start_(setup.clock_start) {
  auto daemon = setup.daemon;
  daemon.parent_mac = setup.mac;
  daemon.vepa = setup.vepa;
  Daemon::Hands hands{.now = [this] { return now(); },
                      .to_wire =
                          [this](const Packet& packet) {
                            if (carrier_ && !paused_) out(packet);
                          },
                      .to_inside =
                          [this](const Packet& packet) {
                            for (std::size_t i = 0; i < containers_.size(); ++i) {
                              const auto& one = containers_[i];
                              if (!one.exists || !one.up || one.mac != packet.arp.eth_src) continue;
                              from_container(i, packet);
                              return true;
                            }
                            return false;
                          }};
  daemon_ = std::make_unique<Daemon>(queue, rng, trace, daemon, std::move(hands), watcher);
  for (std::size_t i = 0; i < setup.containers.size(); ++i) {
    const auto& one = setup.containers[i];
    containers_.push_back({.setup = one, .stack = nullptr, .mac = one.mac});
    containers_.back().stack = std::make_unique<Stack>(
        queue, rng, Stack::Identity{.mac = one.mac, .address = one.address, .vlan = one.vlan},
        [this, i](const Packet& packet) { from_container(i, packet); });
    containers_.back().exists = one.there;
    if (!containers_.back().exists) containers_.back().stack->power(false);
    daemon_->set_gateway(kFirstNsid + static_cast<int>(i), one.gateway);
  }
  cable_.attach(0, [this](const Packet& packet) { from_wire(packet); });
}

void Host::start() {
  std::vector<Interface> all;
  for (std::size_t i = 0; i < containers_.size(); ++i)
    std::ranges::copy(interfaces(i), std::back_inserter(all));
  daemon_->start(all);
}

bool Host::runs(std::size_t index) const {
  const auto& one = containers_.at(index);
  return one.exists && one.up && carrier_;
}

std::vector<Interface> Host::interfaces(std::size_t index) const {
  const auto& one = containers_.at(index);
  if (!one.exists) return {};
  const auto number = static_cast<int>(index);
  return {{.netns = {.nsid = kFirstNsid + number, .inode = 0, .name = "c" + std::to_string(index)},
           .parent = kParentIndex,
           .ifindex = kFirstNsid + number,
           .name = "eth0",
           .mac = one.mac,
           .vlan = one.setup.vlan,
           .mode = setup_.vepa ? MacvlanMode::vepa : MacvlanMode::bridge,
           .up = one.up,
           .running = one.up && carrier_,
           .addresses = {{.address = one.setup.address, .prefix_bits = 24}}}};
}

void Host::notify_daemon(std::size_t index, bool carrier_came) {
  auto& changed = containers_.at(index);
  changed.changed_at = queue_.now();
  if (service_ != nullptr) service_->forget(changed.setup.address, changed.setup.vlan);
  queue_.after(random_below(rng_, kDiscovery), [this, index, carrier_came] {
    if (paused_) {
      // The daemon reads the notification once the host continues.
      queue_.after(kDiscovery, [this, index, carrier_came] { notify_daemon(index, carrier_came); });
      return;
    }
    daemon_->update(kFirstNsid + static_cast<int>(index), interfaces(index));
    if (carrier_came && index + 1 == containers_.size()) daemon_->carrier_up();
  });
}

void Host::create(std::size_t index, Mac mac) {
  if (paused_) return;
  auto& one = containers_.at(index);
  trace_.event("container created", index, mac);
  one.stack->power(false);
  one.earlier_mac = std::exchange(one.mac, mac);
  one.exists = true;
  one.up = true;
  auto identity = one.stack->identity();
  identity.mac = mac;
  one.stack->become(identity);
  one.stack->power(carrier_);
  if (one.setup.announces_itself) one.stack->announce(false);
  notify_daemon(index);
}

void Host::remove(std::size_t index) {
  if (paused_) return;
  trace_.event("container removed", index);
  containers_.at(index).exists = false;
  containers_.at(index).stack->power(false);
  notify_daemon(index);
}

void Host::set_up(std::size_t index, bool up) {
  auto& one = containers_.at(index);
  if (paused_ || !one.exists || one.up == up) return;
  trace_.event(up ? "interface up" : "interface down", index);
  one.up = up;
  one.stack->power(up && carrier_);
  notify_daemon(index);
}

void Host::silence(std::size_t index, bool silent) {
  auto& one = containers_.at(index);
  if (service_ != nullptr) service_->forget(one.setup.address, one.setup.vlan);
  if (one.exists && one.up) one.stack->power(!silent);
}

void Host::carrier(bool on) {
  if (carrier_ == on) return;
  trace_.event(on ? "carrier comes" : "carrier goes");
  carrier_ = on;
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    auto& one = containers_[i];
    if (one.exists) one.stack->power(one.up && on);
    notify_daemon(i, on);
  }
}

void Host::pause() {
  if (paused_) return;
  if (service_ != nullptr) service_->forget();
  paused_ = true;
  paused_at_ = queue_.now();
  daemon_->pause(true);
}

void Host::resume(bool counts) {
  if (!paused_) return;
  paused_ = false;
  if (!counts) clock_start_ -= queue_.now() - paused_at_;
  daemon_->pause(false);
}

void Host::jump(Time by) {
  if (paused_) return;
  clock_start_ += by;
  daemon_->clock_jumped();
}

void Host::from_wire(const Packet& packet) {
  if (paused_ || !carrier_) return;
  const bool reaches_bare = note_question(packet);
  const auto kept = daemon_->from_wire(packet);
  if (!kept || (kept->broadcast() && !queue_of_broadcasts_.admit(queue_.now(), reaches_bare))) return;
  deliver(*kept);
}

// Whether the frame would reach the kernels without arpline. Who-has for a container that has just changed are
// not marked, because the daemon may not know of the change yet.
bool Host::note_question(const Packet& packet) {
  const bool reaches = !packet.broadcast() || queue_of_bare_kernel_.admit(queue_.now());
  if (service_ == nullptr || packet.number == 0 || !packet.is_request()) return reaches;
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    const auto& one = containers_[i];
    if (one.setup.address != packet.arp.target_ip || one.setup.vlan != packet.arp.vlan || !runs(i) ||
        !one.stack->powered() || (!packet.broadcast() && one.mac != packet.arp.eth_dst) ||
        queue_.now() < one.changed_at + 2 * kDiscovery)
      continue;
    service_->asked(packet, reaches);
  }
  return reaches;
}

void Host::out(const Packet& packet) {
  if (packet.is_reply() && setup_.swallowed != 0 && rng_() % 1000 < setup_.swallowed) return;
  if (service_ != nullptr) service_->left(packet);
  cable_.send(0, packet);
}

void Host::deliver(const Packet& packet) {
  parent_.receive(packet);
  for (const auto& one : containers_)
    if (one.exists && one.up && one.mac != packet.arp.eth_src) one.stack->receive(packet);
}

// macvlan_queue_xmit(): in mode bridge a frame reaches siblings without the wire; broadcasts go to both.
void Host::from_container(std::size_t index, const Packet& packet) {
  if (paused_) return;
  const auto& self = containers_.at(index);
  if (!setup_.vepa) {
    bool reached = false;
    for (const auto& one : containers_) {
      if (&one == &self || !one.exists || !one.up || one.setup.vlan != self.setup.vlan) continue;
      if (!packet.broadcast() && one.mac != packet.arp.eth_dst) continue;
      reached = true;
      // Deferred, as through the backlog: a direct call would run within the sender.
      queue_.after(kMs / 100, [stack = one.stack.get(), packet] { stack->receive(packet); });
    }
    if (reached && !packet.broadcast()) return;
  }
  transmit(packet);
}

void Host::transmit(const Packet& packet) {
  auto leaving = packet;
  if (paused_ || !carrier_ || !daemon_->to_wire(leaving)) return;
  out(leaving);
}

}  // namespace arpline::sim
