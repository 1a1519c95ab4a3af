// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace arpline {

/// What the service manager (systemd) hears of the daemon, by sd_notify. Without one (NOTIFY_SOCKET is not set)
/// nothing happens. Used by the control thread.
class ServiceManager {
 public:
  /// Reads whether a watchdog waits for this process, and for how long.
  ServiceManager();

  /// The start, or a reload, is over. `status`: one line for `systemctl status`.
  void ready(const std::string& status) const;
  void reloading() const;
  void stopping() const;
  void status(const std::string& line) const;

  /// Feeds the watchdog while `healthy`, twice as often as it asks for. Four times a second; now in
  /// nanoseconds.
  void tick(std::uint64_t now, bool healthy);

 private:
  std::uint64_t ping_every_ns_ = 0;  // 0: nobody waits
  std::uint64_t pinged_at_ = 0;
};

}  // namespace arpline
