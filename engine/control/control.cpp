// SPDX-License-Identifier: Apache-2.0
#include "control/control.hpp"

#include <linux/rtnetlink.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/log.hpp"

namespace arpline {
namespace {

constexpr std::uint64_t kTicksPerSecond = ARPL_SECOND_NS / ServedParent::kTickNs;

Fd make_timer() {
  Fd timer{timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
  const timespec tick{.tv_sec = 0, .tv_nsec = ServedParent::kTickNs};
  const itimerspec every{.it_interval = tick, .it_value = tick};
  if (!timer || timerfd_settime(timer.get(), 0, &every, nullptr) != 0) throw_errno("make a timer", errno);
  return timer;
}

// Before any other thread starts: they inherit the mask, and the signals come here.
Fd take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  Fd signals{signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
  if (!signals) throw_errno("make a signal descriptor", errno);
  return signals;
}

}  // namespace

Control::Control(Config config, ServiceFactory factory)
    : config_(std::move(config)),
      factory_(std::move(factory)),
      discovery_(config_.parents.front().name),
      route_(NETLINK_ROUTE),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(make_timer()),
      signals_(take_signals()),
      socket_group_(socket_group(config_.control_group)),
      end_how_(config_.parents.front().on_stop) {
  if (!epoll_) throw_errno("make an epoll descriptor", errno);
  watch(timer_.get());
  watch(signals_.get());
}

void Control::watch(int fd) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("watch a descriptor", errno);
}

// What a crash left of parents that no longer exist. A pinned link whose interface is gone says so by itself.
void Control::clean_stale() const {
  for (const auto& name : names_in(config_.pin_root)) {
    const auto folder = config_.pin_root + "/" + name;
    if (pinned_ifindex(folder) != 0 || is_locked(config_.run_root, name)) continue;
    spdlog::info("removing the stale pins {}", folder);
    remove_pin_folder(folder);
  }
  for (const auto& name : names_in(config_.run_root)) {
    if (pinned_ifindex(config_.pin_root + "/" + name) == 0) remove_run_folder(config_.run_root, name);
  }
}

void Control::serve() {
  const auto snapshot = discovery_.snapshot();
  const auto link = snapshot ? find_link(route_, snapshot->parent_ifindex) : std::nullopt;
  if (!link)
    throw SetupError(config_.parents.front().name + ": no such interface; `ip link` lists those that exist");
  if (link->kind == "macvlan" || link->kind == "macvtap") {
    throw SetupError(
        fmt::format("{} is itself a {}; name the interface that it stands on", link->name, link->kind));
  }
  clean_stale();
  parent_ = std::make_unique<ServedParent>(config_, *link, *snapshot, factory_);
  server_ = std::make_unique<Server>(
      parent_->socket_path(), epoll_.get(),
      [this](const nlohmann::json& request) { return on_request(request); }, socket_group_);
  watch(parent_->events_fd());
  last_complaint_.clear();
}

void Control::leave(OnStop how) {
  server_.reset();
  if (parent_) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, parent_->events_fd(), nullptr);
    parent_->stop(how);
  }
  parent_.reset();
}

void Control::run() {
  serve();
  manager_.ready("serving " + config_.parents.front().name);
  std::array<epoll_event, 16> events{};
  while (!ending_) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) on_event(events.at(i).data.fd, events.at(i).events);
  }
  manager_.stopping();
  leave(end_how_);
}

void Control::tick() {
  const auto now = now_ns();
  if (parent_) parent_->tick();
  if (server_) server_->tick(now);
  manager_.tick(now, !parent_ || parent_->healthy(now));
  tick_log();
  if (++ticks_ % kTicksPerSecond == 0) second();
}

void Control::on_event(int fd, std::uint32_t events) {
  std::uint64_t expirations = 0;
  if (fd == signals_.get()) {
    ending_ = true;
  } else if (fd == timer_.get()) {
    if (read(fd, &expirations, sizeof expirations) < 0) return;
    tick();
  } else if (server_ && server_->on_event(fd, events)) {
    return;
  } else if (parent_ && fd == parent_->events_fd()) {
    parent_->drain_events();
  }
}

// The same line twice in a row is logged once.
void Control::complain(const std::string& line) {
  if (line != last_complaint_) spdlog::warn("{}", line);
  last_complaint_ = line;
}

void Control::second() {
  try {
    if (parent_) {
      look_again();
    } else {
      serve();
    }
  } catch (const SetupError& error) {
    complain(error.what());
  }
}

void Control::look_again() {
  const auto snapshot = discovery_.snapshot();
  if (!snapshot || snapshot->parent_ifindex != parent_->ifindex()) {
    spdlog::warn("{}: the interface is gone; waiting for it to come back", config_.parents.front().name);
    leave(OnStop::detach);
  } else if (!parent_->attached()) {
    spdlog::warn("{}: somebody took the XDP program off the interface; ending", config_.parents.front().name);
    end_how_ = OnStop::detach;
    ending_ = true;
  } else {
    parent_->reconcile(*snapshot);
  }
}

nlohmann::json Control::on_request(const nlohmann::json& request) {
  const auto command = request.value("cmd", "");
  if (command == "status") return {{"parents", nlohmann::json::array({to_json(parent_->status())})}};
  if (command == "detach") {
    end_how_ = OnStop::detach;
    ending_ = true;
    return {{"ok", true}};
  }
  return {{"error", "unknown command"}};
}

}  // namespace arpline
