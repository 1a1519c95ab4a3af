// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/fd.hpp"
#include "config/config.hpp"
#include "control/parent.hpp"
#include "control/server.hpp"
#include "control/service_manager.hpp"
#include "discovery/discovery.hpp"

namespace arpline {

/// The control loop: one thread, epoll. Serves the parent while it is there and waits for it while it is not.
class Control {
 public:
  Control(Config config, ServiceFactory factory);

  /// Returns when a signal or `arpline detach` ends it. Throws SetupError when it can't start.
  void run();

 private:
  void clean_stale() const;
  void serve();
  void tick();
  void leave(OnStop how);
  void second();
  void look_again();
  void on_event(int fd, std::uint32_t events);
  nlohmann::json on_request(const nlohmann::json& request);
  void watch(int fd) const;
  void complain(const std::string& line);

  Config config_;
  ServiceFactory factory_;
  Discovery discovery_;
  Netlink route_;
  Fd epoll_;
  Fd timer_;
  Fd signals_;
  std::unique_ptr<ServedParent> parent_;
  std::unique_ptr<Server> server_;
  std::optional<gid_t> socket_group_;
  ServiceManager manager_;
  std::uint64_t ticks_ = 0;
  std::string last_complaint_;
  OnStop end_how_;
  bool ending_ = false;
};

}  // namespace arpline
