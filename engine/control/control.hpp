// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "config/config.hpp"
#include "control/backoff.hpp"
#include "control/leases.hpp"
#include "control/neighbours.hpp"
#include "control/parent.hpp"
#include "control/server.hpp"
#include "control/service_manager.hpp"
#include "control/turns.hpp"
#include "discovery/netns_monitor.hpp"
#include "endpoints/history.hpp"
#include "kernel/refused.hpp"
#include "kernel/tc_events.hpp"

namespace arpline {

/// The control loop: one thread, epoll. Serves each parent while it is there and waits for it while it is not.
class Control final : private NetnsObserver {
 public:
  /// Reads the configuration; called at the start, and again for each reload. Throws SetupError.
  using Configure = std::function<Config()>;

  Control(Configure configure, ServiceFactory factory);
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control() override = default;

  /// Returns when a signal or `arpline detach` ends it. Throws SetupError when it can't start.
  void run();

 private:
  struct Parent {
    ParentConfig config;
    std::unique_ptr<ServedParent> served;
    std::unique_ptr<Server> server;
    std::string last_complaint;
    std::string waits_for;                     ///< why it is not served; empty: it is
    Backoff backoff;                           ///< of the tries to serve it
    int tried_ifindex = 0;                     ///< another one is tried at once
    bool leaving = false;                      ///< taken off by `arpline detach`, or by somebody else
    std::vector<std::uint64_t> reload_askers;  ///< tickets of its server
  };

  void on_interface_event(const InterfaceEvent& event) override { history_.on(event); }
  void on_children(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at) override;
  void on_children_told() override;
  void on_host_addresses(std::uint64_t heard_at) override;
  void on_own_links() override { links_changed_ = true; }
  void on_link(std::optional<int> nsid, int ifindex) override;

  void start();
  std::string state() const;
  void clean_stale() const;
  void serve(Parent& parent);
  void try_to_serve(Parent& parent);
  void wait_for(Parent& parent, const std::string& why);
  void leave(Parent& parent, OnStop how);
  void leave_those_that_want();
  void change_parents();
  void answer_reload();
  void look(Parent& parent);
  void look_for(Parent& parent);
  void tick();
  void turn();
  void work();
  void keep_up();
  int patience_ms() const;
  void on_event(int fd, std::uint32_t events);
  void on_signals();
  void on_filters();
  void on_program_events(Parent& parent);
  nlohmann::json on_request(Parent& parent, const nlohmann::json& request);
  void refuse_who_may_only_look(const Parent& parent, const std::string& command) const;
  void answer_status(const Parent& parent, bool senders) const;
  std::vector<WaitingStatus> waiting() const;
  nlohmann::json reload();
  static nlohmann::json limit(const Parent& parent, const nlohmann::json& request);
  static std::string asker_of(const Parent& parent);
  std::string apply(const Config& config);
  std::string reconfigure(Parent& parent, const ParentConfig& own);
  void watch(int fd) const;
  static void complain(Parent& parent, const std::string& line);

  Configure configure_;
  Config config_;
  ServiceFactory factory_;
  History history_;
  NetnsMonitor watch_;
  Neighbours neighbours_;
  Netlink route_;
  TcEvents filters_;
  Refused refused_;
  Leases leases_;
  Fd epoll_;
  Fd timer_;
  Fd signals_;
  std::vector<std::unique_ptr<Parent>> parents_;
  std::optional<gid_t> socket_group_;
  ServiceManager manager_;
  std::uint64_t ticks_ = 0;
  std::uint64_t keep_up_at_ = 0;
  std::string last_complaint_;
  std::string told_state_;
  Turns turns_;
  bool starting_ = true;
  bool links_changed_ = false;
  bool second_is_over_ = false;
  bool reload_wanted_ = false;
  bool ending_ = false;
};

}  // namespace arpline
