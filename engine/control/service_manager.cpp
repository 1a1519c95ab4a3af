// SPDX-License-Identifier: Apache-2.0
#include "control/service_manager.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include "base/clock.hpp"
#include "base/foreign_text.hpp"

namespace arpline {
namespace {

constexpr int kKeepEnvironment = 0;

void notify(const std::string& lines) {
  sd_notify(kKeepEnvironment, lines.c_str());
}

}  // namespace

ServiceManager::ServiceManager() {
  std::uint64_t limit_us = 0;
  if (sd_watchdog_enabled(kKeepEnvironment, &limit_us) > 0)
    ping_every_ = std::chrono::microseconds{limit_us} / 2;
}

void ServiceManager::ready(const std::string& status) const {
  notify("READY=1\nSTATUS=" + visible_line(status));
}

// Type=notify-reload needs the time, to tell this reload from the one before.
void ServiceManager::reloading() const {
  notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", raw(Clock::now()) / 1000));
}

void ServiceManager::stopping() const {
  notify("STOPPING=1");
}

void ServiceManager::status(const std::string& line) const {
  notify("STATUS=" + visible_line(line));
}

void ServiceManager::tick(Instant now, bool healthy) {
  if (ping_every_ == 0s || !healthy || now - pinged_at_ < ping_every_) return;
  notify("WATCHDOG=1");
  pinged_at_ = now;
}

}  // namespace arpline
