// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace arpline {

/// Reports the daemon's state to the service manager (systemd) by sd_notify(3). Without one (NOTIFY_SOCKET is
/// not set) it does nothing. Used by the control thread.
class ServiceManager {
 public:
  /// Reads the watchdog's interval from the environment.
  ServiceManager();

  /// The start, or a reload, is over. `status`: one line for `systemctl status`.
  void ready(const std::string& status) const;
  void reloading() const;
  void stopping() const;
  void status(const std::string& line) const;

  /// Feeds the watchdog while `healthy`, twice as often as it asks for. Four times a second.
  void tick(Instant now, bool healthy);

 private:
  Duration ping_every_{};  // 0: no watchdog
  Instant pinged_at_ = kNoTime;
};

}  // namespace arpline
