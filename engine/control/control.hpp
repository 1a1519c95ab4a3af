// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "config/config.hpp"
#include "control/parent.hpp"
#include "control/server.hpp"
#include "control/service_manager.hpp"
#include "discovery/watch.hpp"
#include "endpoints/history.hpp"

namespace arpline {

/// The control loop: one thread, epoll. Serves each parent while it is there and waits for it while it is not.
class Control final : private WatchObserver {
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
    bool leaving = false;  ///< taken off by `arpline detach`, or by somebody else
  };

  void on_happening(const Happening& happening) override { history_.on(happening); }
  void on_children(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at) override;
  void on_children_told() override;
  void on_host_addresses(std::uint64_t heard_at) override;
  void on_own_links() override { links_changed_ = true; }

  void start();
  std::string state() const;
  void clean_stale() const;
  void serve(Parent& parent);
  void try_to_serve(Parent& parent);
  void leave(Parent& parent, OnStop how);
  void leave_those_that_want();
  void follow_links();
  void look(Parent& parent);
  void second();
  void tick();
  void work();
  void keep_up();
  int patience_ms() const;
  void on_event(int fd, std::uint32_t events);
  void on_signals();
  void on_program_events(Parent& parent);
  nlohmann::json on_request(Parent& parent, const nlohmann::json& request);
  nlohmann::json reload();
  static nlohmann::json limit(ServedParent& served, const nlohmann::json& request);
  void apply(const Config& config);
  void watch(int fd) const;
  static void complain(Parent& parent, const std::string& line);

  Configure configure_;
  Config config_;
  ServiceFactory factory_;
  History history_;
  Watch watch_;
  Netlink route_;
  Fd epoll_;
  Fd timer_;
  Fd signals_;
  std::vector<std::unique_ptr<Parent>> parents_;
  std::optional<gid_t> socket_group_;
  ServiceManager manager_;
  std::uint64_t ticks_ = 0;
  std::uint64_t keep_up_at_ = 0;
  std::string last_complaint_;
  bool links_changed_ = false;
  bool ending_ = false;
};

}  // namespace arpline
