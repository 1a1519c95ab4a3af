// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "control/event_loop.hpp"
#include "control/leases.hpp"
#include "control/neighbours.hpp"
#include "control/parents.hpp"
#include "control/requests.hpp"
#include "control/service_manager.hpp"
#include "discovery/netns_monitor.hpp"
#include "endpoints/history.hpp"
#include "kernel/refused.hpp"
#include "kernel/tc_events.hpp"

namespace arpline {

/// The control thread: passes the events of discovery, the kernel, the signals and the control sockets on to
/// the parents. Nothing in it may take longer than 100 ms. Only change_parents(), once in a turn, serves,
/// changes and leaves parents.
class Control final : private NetnsObserver, private Parents::Host {
 public:
  /// Reads the configuration, at the start and again for each reload. Throws SetupError.
  using Configure = std::function<Config()>;

  Control(Configure configure, ServiceFactory factory);
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control() override = default;

  /// Returns when a signal or `arpline detach` ends the daemon. Throws SetupError when it can't start.
  void run();

 private:
  void on_interface_event(const InterfaceEvent& event) override { history_.on(event); }
  void on_children(int nsid, const std::vector<Interface>& children, Instant heard_at) override;
  void on_children_told() override;
  void on_host_addresses(Instant heard_at) override;
  void on_own_links() override { links_changed_ = true; }
  void on_link(std::optional<int> nsid, int ifindex) override;

  const LinkRecord* find_link(const ForeignText& name) const override { return monitor_.links().find(name); }
  std::optional<ParentLink> parent_link(int ifindex) const override { return monitor_.links().parent(ifindex); }
  bool exists(int ifindex) override { return arpline::find_link(route_, ifindex).has_value(); }
  void serve(Parent& parent) override;

  void turn();
  Duration patience();
  void work();
  void change_parents();
  void reload_where_asked();
  nlohmann::json reload();
  void keep_up();
  void tick();
  void on_filters();

  Configure configure_;
  Config config_;
  ServiceFactory factory_;
  History history_;
  NetnsMonitor monitor_;
  Neighbours neighbours_;
  Netlink route_;
  TcEvents filters_;
  Refused refused_;
  Leases leases_;
  EventLoop loop_;
  Turns turns_;
  std::vector<EventLoop::Source> sources_;
  Parents parents_;
  Requests requests_;
  std::optional<gid_t> socket_group_;
  ServiceManager manager_;
  std::uint64_t ticks_ = 0;
  Instant keep_up_at_ = kNoTime;
  std::string last_complaint_;
  std::string reported_state_;
  bool starting_ = true;
  bool links_changed_ = false;
  bool second_is_over_ = false;
  bool reload_wanted_ = false;  // by SIGHUP
  bool ending_ = false;
};

}  // namespace arpline
