// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "endpoints/model.hpp"
#include "sim/cable.hpp"
#include "sim/daemon.hpp"
#include "sim/service.hpp"
#include "sim/stack.hpp"

namespace arpline::sim {

/// The host that runs arpline: its parent interface, the containers with their kernels, and macvlan's
/// forwarding between them (drivers/net/macvlan.c).
class Host {
 public:
  struct ContainerSetup {
    Mac mac = 0;
    Ipv4 address = 0;
    std::uint16_t vlan = 0;
    Ipv4 gateway = 0;
    bool announces_itself = false;  ///< arp_notify
    bool there = true;              ///< exists from the start
  };
  struct Setup {
    Instant clock_start = kNoTime;
    Mac mac = 0;
    Ipv4 address = 0;
    bool vepa = false;
    std::uint32_t swallowed = 0;  ///< thousandths of the answers that are lost
    Daemon::Setup daemon;
    std::vector<ContainerSetup> containers;
  };

  Host(Queue& queue, Rng& rng, Trace& trace, Cable& cable, const Setup& setup, Watcher& watcher);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void start();
  /// Reports the marked who-has and all answers to `service`.
  void serve(Service& service) { service_ = &service; }

  std::size_t containers() const noexcept { return containers_.size(); }
  Stack& container(std::size_t index) { return *containers_.at(index).stack; }
  bool exists(std::size_t index) const { return containers_.at(index).exists; }
  /// The container exists, its interface is up, and the parent has its carrier.
  bool runs(std::size_t index) const;
  Daemon& daemon() noexcept { return *daemon_; }
  Stack& parent() noexcept { return parent_; }
  Instant now() const noexcept { return clock_start_ + queue_.now(); }
  Time last_changed(std::size_t index) const { return containers_.at(index).changed_at; }
  /// The MAC before the last change.
  Mac earlier_mac(std::size_t index) const { return containers_.at(index).earlier_mac; }

  /// create() to carrier() have no effect while the host is paused.
  void create(std::size_t index, Mac mac);
  void remove(std::size_t index);
  void set_up(std::size_t index, bool up);
  /// Makes the container's kernel silent; no notification is sent.
  void silence(std::size_t index, bool silent);
  /// Sends a frame that the container's kernel would not send by itself.
  void say(std::size_t index, const Packet& packet) { from_container(index, packet); }
  void say_as_host(const Packet& packet) { transmit(packet); }
  void carrier(bool on);
  /// Stops the host, as a hypervisor stops a virtual machine. resume() with `counts`: its clock has advanced
  /// meanwhile.
  void pause();
  void resume(bool counts);
  void jump(Time by);

 private:
  struct Container {
    ContainerSetup setup;
    std::unique_ptr<Stack> stack;
    Mac mac = 0;
    Mac earlier_mac = 0;
    bool exists = false;
    bool up = true;
    Time changed_at{};
  };

  void from_wire(const Packet& packet);
  void deliver(const Packet& packet);
  bool note_question(const Packet& packet);
  void out(const Packet& packet);
  void from_container(std::size_t index, const Packet& packet);
  void transmit(const Packet& packet);
  std::vector<Interface> interfaces(std::size_t index) const;
  void notify_daemon(std::size_t index, bool carrier_came = false);

  Queue& queue_;
  Rng& rng_;
  Trace& trace_;
  Cable& cable_;
  Setup setup_;
  Stack parent_;
  std::vector<Container> containers_;
  std::unique_ptr<Daemon> daemon_;
  Service* service_ = nullptr;
  BroadcastQueue queue_of_broadcasts_;
  BroadcastQueue queue_of_bare_kernel_;
  Instant clock_start_;  // the time of its clock at the start of the run, jumps added
  Time paused_at_{};
  bool paused_ = false;
  bool carrier_ = true;
};

}  // namespace arpline::sim
