// SPDX-License-Identifier: Apache-2.0
#include "control/control.hpp"

#include <linux/rtnetlink.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/limit_request.hpp"
#include "control/log.hpp"
#include "report/answers.hpp"

namespace arpline {
namespace {

constexpr std::uint64_t kTicksPerSecond = ARPL_SECOND_NS / ServedParent::kTickNs;
constexpr std::chrono::milliseconds kPatienceAtStart{1000};
constexpr std::chrono::milliseconds kPatienceInTheLoop{50};

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

// What cannot change while it runs is refused before anything has changed.
void refuse_what_needs_a_restart(const Config& now, const Config& wanted) {
  const auto refuse = [](const std::string& key) { throw SetupError(key + " changes with a restart only"); };
  if (now.control_group != wanted.control_group) refuse("control_group");
  if (now.netns_folders != wanted.netns_folders) refuse("netns_folders");
  if (now.eal != wanted.eal) refuse("eal");
  for (const auto& parent : wanted.parents) {
    const auto at = std::ranges::find(now.parents, parent.name, &ParentConfig::name);
    if (at == now.parents.end()) continue;
    const auto key = [&](const char* name) { return fmt::format("parent.{}.{}", visible(parent.name), name); };
    if (at->generic_xdp != parent.generic_xdp) refuse(key("generic_xdp"));
    if (at->port != parent.port) refuse(key("port"));
    if (at->device != parent.device) refuse(key("device"));
    if (at->steering != parent.steering) refuse(key("steering"));
  }
}

}  // namespace

Control::Control(Configure configure, ServiceFactory factory)
    : configure_(std::move(configure)),
      config_(configure_()),
      factory_(std::move(factory)),
      watch_(*this, config_.netns_folders),
      neighbours_(config_.run_root, watch_),
      route_(NETLINK_ROUTE),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(make_timer()),
      signals_(take_signals()),
      socket_group_(socket_group(config_.control_group)) {
  if (!epoll_) throw_errno("make an epoll descriptor", errno);
  for (const int fd : {timer_.get(), signals_.get(), watch_.events_fd(), watch_.places_fd(), filters_.fd()})
    watch(fd);
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
    if (pinned_ifindex(folder) != 0 || is_locked(config_.run_root, name) || is_pin_locked(folder)) continue;
    spdlog::info("removing the stale pins {}", folder);
    remove_pin_folder(folder);
  }
  for (const auto& name : names_in(config_.run_root)) {
    if (pinned_ifindex(config_.pin_root + "/" + name) == 0) remove_run_folder(config_.run_root, name);
  }
}

// The same line twice in a row is logged once.
void Control::complain(Parent& parent, const std::string& line) {
  if (line != parent.last_complaint) spdlog::warn("{}", line);
  parent.last_complaint = line;
}

void Control::serve(Parent& parent) {
  const auto& name = parent.config.name;
  const auto* known = watch_.links().find(name);
  const auto link = known != nullptr ? find_link(route_, known->ifindex) : std::nullopt;
  if (!link) throw SetupError(visible(name) + ": no such interface; `ip link` lists those that exist");
  if (link->kind == "macvlan" || link->kind == "macvtap") {
    throw SetupError(fmt::format("{} is itself a {}; name the interface that it stands on", visible(link->name),
                                 link->kind));
  }
  clean_stale();
  const Snapshot snapshot{.parent = watch_.links().parent(link->ifindex).value(),
                          .interfaces = watch_.children_on(link->ifindex),
                          .host = watch_.host_addresses(link->ifindex)};
  auto served = std::make_unique<ServedParent>(
      config_, parent.config, *link, snapshot,
      ServedParent::Shared{.factory = factory_,
                           .open_netns = [this](int nsid) { return watch_.open(nsid); },
                           .history = history_,
                           .neighbours = neighbours_,
                           .refused = refused_,
                           .leases = leases_},
      starting_ ? kPatienceAtStart : kPatienceInTheLoop);
  watch(served->events_fd());
  if (served->tags_fd() >= 0) watch(served->tags_fd());
  // Last of what may fail: nobody can ask about a parent that is not served.
  parent.server = std::make_unique<Server>(
      served->socket_path(), epoll_.get(),
      [this, &parent](const nlohmann::json& request) { return on_request(parent, request); }, socket_group_);
  parent.served = std::move(served);
  parent.last_complaint.clear();
  parent.waits_for.clear();
  parent.backoff.reset();
}

void Control::wait_for(Parent& parent, const std::string& why) {
  parent.waits_for = why;
  complain(parent, why);
}

void Control::try_to_serve(Parent& parent) {
  const auto* link = watch_.links().find(parent.config.name);
  parent.tried_ifindex = link != nullptr ? link->ifindex : 0;
  leases_.alive();
  try {
    serve(parent);
  } catch (const SetupError& error) {
    wait_for(parent, error.what());
    parent.backoff.failed(now_ns());
  }
}

void Control::leave(Parent& parent, OnStop how) {
  parent.server.reset();
  if (!parent.served) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, parent.served->events_fd(), nullptr);
  parent.served->stop(how);
  parent.served.reset();
}

// One parent that can't be served is an error when it is the only one: nothing would happen.
void Control::start() {
  watch_.look();
  for (const auto& config : config_.parents) {
    auto& parent = *parents_.emplace_back(std::make_unique<Parent>(Parent{.config = config}));
    if (config_.parents.size() == 1) {
      serve(parent);
    } else {
      look_for(parent);
    }
  }
  starting_ = false;
}

// For `systemctl status`.
std::string Control::state() const {
  std::string serving;
  std::string waiting;
  for (const auto& parent : parents_) {
    auto& list = parent->served ? serving : waiting;
    list += (list.empty() ? "" : ", ") + visible(parent->config.name);
    if (!parent->served && !parent->waits_for.empty()) list += fmt::format(" ({})", parent->waits_for);
  }
  return fmt::format("serving {}{}{}", serving.empty() ? "nothing" : serving,
                     waiting.empty() ? "" : "; waiting for ", waiting);
}

void Control::run() {
  start();
  manager_.ready(state());
  while (!ending_) turn();
  manager_.stopping();
  for (auto& parent : parents_) leave(*parent, parent->config.on_stop);
}

void Control::turn() {
  std::array<epoll_event, 16> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience_ms());
  const auto began = now_ns();
  leases_.alive();
  for (int i = 0; i < count; ++i) on_event(events.at(i).data.fd, events.at(i).events);
  work();
  change_parents();
  keep_up();
  const auto now = now_ns();
  turns_.add(now - began, now);
}

void Control::keep_up() {
  const auto now = now_ns();
  keep_up_at_ = kNever;
  for (auto& parent : parents_)
    if (parent->served) keep_up_at_ = std::min(keep_up_at_, parent->served->keep_up(now));
}

// Whole milliseconds, rounded up: a wake-up too early would be followed by another one.
int Control::patience_ms() const {
  constexpr std::uint64_t kMillisecond = 1'000'000;
  const auto busy = [](const auto& parent) { return parent->served && parent->served->busy(); };
  if (std::ranges::any_of(parents_, busy)) return 0;
  const auto watch = watch_.patience_ms();
  if (reload_wanted_) return 0;
  if (keep_up_at_ == kNever) return watch;
  const auto now = now_ns();
  const auto left = keep_up_at_ > now ? (keep_up_at_ - now + kMillisecond - 1) / kMillisecond : 0;
  const auto upkeep = static_cast<int>(std::min<std::uint64_t>(left, 1000));
  return watch < 0 ? upkeep : std::min(watch, upkeep);
}

void Control::work() {
  try {
    watch_.work();
    for (auto& parent : parents_)
      if (parent->served) parent->served->go_on();
    history_.bury();
    last_complaint_.clear();
  } catch (const SetupError& error) {
    if (error.what() != last_complaint_) spdlog::warn("{}", error.what());
    last_complaint_ = error.what();
  }
}

void Control::on_event(int fd, std::uint32_t events) {
  std::uint64_t expirations = 0;
  if (fd == signals_.get()) return on_signals();
  if (fd == timer_.get()) {
    if (read(fd, &expirations, sizeof expirations) > 0) tick();
    return;
  }
  if (fd == filters_.fd()) return on_filters();
  for (auto& parent : parents_) {
    if (parent->server && parent->server->on_event(fd, events)) return;
    if (parent->served && fd == parent->served->events_fd()) return on_program_events(*parent);
    if (parent->served && fd == parent->served->tags_fd()) return parent->served->watch_tags();
  }
}

void Control::on_signals() {
  signalfd_siginfo signal{};
  while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    (signal.ssi_signo == SIGHUP ? reload_wanted_ : ending_) = true;
  }
}

void Control::on_filters() {
  filters_.read([this](int ifindex) {
    for (auto& parent : parents_)
      if (parent->served && (ifindex == TcEvents::kEvery || ifindex == parent->served->ifindex()))
        parent->served->on_filters();
  });
}

void Control::on_link(std::optional<int> nsid, int ifindex) {
  for (auto& parent : parents_)
    if (parent->served) parent->served->on_link_elsewhere(nsid, ifindex);
}

void Control::on_program_events(Parent& parent) {
  if (parent.served->drain_events()) watch_.hint();
}

// What one namespace has brought is announced while the next one is taken in.
void Control::on_children(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at) {
  for (auto& parent : parents_)
    if (parent->served) parent->served->update(nsid, children, heard_at);
  keep_up();
}

void Control::on_host_addresses(std::uint64_t heard_at) {
  for (auto& parent : parents_)
    if (parent->served) parent->served->host_has(watch_.host_addresses(parent->served->ifindex()), heard_at);
}

void Control::on_children_told() {
  for (auto& parent : parents_)
    if (parent->served) parent->served->settle();
}

void Control::tick() {
  const auto now = now_ns();
  bool healthy = true;
  for (auto& parent : parents_) {
    if (!parent->served) continue;
    parent->served->tick();
    healthy = parent->served->healthy(now) && healthy;
  }
  for (auto& parent : parents_)
    if (parent->server) parent->server->tick(now);
  watch_.tick(ServedParent::kTickNs);
  manager_.tick(now, healthy);
  tick_log();
  if (++ticks_ % kTicksPerSecond == 0) second_is_over_ = true;
}

// The one place where parents are served, changed and left: nothing that is being answered or gone through
// stands on them here. Who is to be left is left last, whatever else came in the same turn.
void Control::change_parents() {
  const bool links_changed = std::exchange(links_changed_, false);
  if (std::exchange(reload_wanted_, false)) answer_reload();
  const bool second_is_over = std::exchange(second_is_over_, false);
  if (second_is_over) neighbours_.look(now_ns());
  if (second_is_over || links_changed)
    for (auto& parent : parents_) look(*parent);
  leave_those_that_want();
  if (const auto now = state(); now != told_state_) manager_.status(told_state_ = now);
}

// Asked for more than once in a turn, it is done once.
void Control::answer_reload() {
  std::vector<std::pair<Parent*, std::uint64_t>> askers;
  for (auto& parent : parents_)
    for (const auto ticket : std::exchange(parent->reload_askers, {}))
      askers.emplace_back(parent.get(), ticket);
  const auto reply = reload();
  if (reply.contains("error") && askers.empty()) spdlog::error("{}", reply["error"].get<std::string>());
  for (const auto& [parent, ticket] : askers)
    if (parent->server) parent->server->answer(ticket, reply);
}

// A new interface is tried at once, the one that could not be served after a while.
void Control::look_for(Parent& parent) {
  const auto* link = watch_.links().find(parent.config.name);
  if (link == nullptr) {
    parent.backoff.reset();
    return wait_for(parent, visible(parent.config.name) + ": no such interface; waiting for it");
  }
  if (link->ifindex == parent.tried_ifindex && !parent.backoff.due(now_ns())) return;
  if (link->ifindex != parent.tried_ifindex) parent.backoff.reset();
  try_to_serve(parent);
}

// A parent that has gone takes everything along; one that has changed is followed.
void Control::look(Parent& parent) {
  if (!parent.served) return look_for(parent);
  const auto link = watch_.links().parent(parent.served->ifindex());
  const bool attached = parent.served->attached();
  // Its program leaves an interface that is being deleted before the event of it comes.
  if (!link || (!attached && !find_link(route_, parent.served->ifindex()))) {
    spdlog::warn("{}: the interface is gone; waiting for it to come back", visible(parent.config.name));
    leave(parent, OnStop::detach);
    parent.tried_ifindex = 0;
    parent.waits_for = "the interface is gone";
  } else if (!attached) {
    spdlog::warn("{}: somebody took the XDP program off the interface; leaving it",
                 visible(parent.config.name));
    parent.leaving = true;
  } else {
    try {
      parent.served->update_link(*link);
      parent.served->second();
    } catch (const SetupError& error) {
      complain(parent, error.what());
    }
  }
}

void Control::leave_those_that_want() {
  const auto wants = [](const auto& parent) { return parent->leaving; };
  for (auto& parent : parents_)
    if (wants(parent)) leave(*parent, OnStop::detach);
  if (std::erase_if(parents_, wants) > 0 && parents_.empty()) ending_ = true;
}

nlohmann::json Control::reload() {
  manager_.reloading();
  std::string error = "the configuration stays as it was: ";
  try {
    const auto wanted = configure_();
    refuse_what_needs_a_restart(config_, wanted);
    const auto errors = apply(wanted);
    error = errors.empty() ? "" : "the configuration is in force in part: " + errors;
  } catch (const SetupError& refused) {
    error += refused.what();
  }
  manager_.ready(state());
  if (!error.empty()) return {{"error", error}};
  spdlog::info("the configuration has been read again");
  nlohmann::json names = nlohmann::json::array();
  for (const auto& parent : parents_) names.push_back(visible(parent->config.name));
  return {{"ok", true}, {"parents", names}};
}

// One parent's error is none of the others'.
std::string Control::reconfigure(Parent& parent, const ParentConfig& own) {
  const bool changed = !(parent.config == own);
  parent.config = own;
  try {
    if (parent.served) parent.served->reconfigure(config_, own);
    if (!parent.served && changed) parent.tried_ifindex = 0;  // what was in the way may be so no more
    return {};
  } catch (const SetupError& error) {
    return error.what();
  }
}

std::string Control::apply(const Config& config) {
  std::string errors;
  config_ = config;
  for (auto& parent : parents_) {
    const auto at = std::ranges::find(config.parents, parent->config.name, &ParentConfig::name);
    if (at == config.parents.end()) {
      parent->leaving = true;
    } else if (const auto error = reconfigure(*parent, *at); !error.empty()) {
      errors += (errors.empty() ? "" : "; ") + error;
    }
  }
  for (const auto& wanted : config.parents) {
    const auto has_name = [&](const auto& parent) { return parent->config.name == wanted.name; };
    if (std::ranges::any_of(parents_, has_name)) continue;
    look_for(*parents_.emplace_back(std::make_unique<Parent>(Parent{.config = wanted})));
  }
  return errors;
}

// All of a parent's limits, after what is asked for is done. Throws SetupError for what can't be.
nlohmann::json Control::limit(const Parent& parent, const nlohmann::json& request) {
  auto& served = *parent.served;
  const auto before = served.limits();
  const auto wanted = changed_limits(request, served.configured_limits(), before);
  if (!(wanted == before)) served.use_limits(wanted);
  for (const auto& line : differences(before, wanted))
    spdlog::info("{}: {}; asked for by {}", visible(served.name()), line, asker_of(parent));
  const auto& fit = served.neighbour_fit();
  return to_json(LimitAnswer{.parent = served.name(),
                             .limits = limit_status(served.configured_limits(), wanted, fit),
                             .note = explain(fit)});
}

// Those that wait, and when they are tried again.
std::vector<WaitingStatus> Control::waiting() const {
  const auto now = now_ns();
  std::vector<WaitingStatus> all;
  for (const auto& parent : parents_) {
    if (parent->served) continue;
    const auto at = parent->backoff.at();
    all.push_back({.parent = parent->config.name,
                   .reason = parent->waits_for,
                   .next_try_seconds = static_cast<double>(at > now ? (at - now) / 1'000'000 : 0) / 1000.0});
  }
  return all;
}

// The senders only where somebody asks: they cost two system calls each.
void Control::answer_status(const Parent& parent, bool senders) const {
  auto status = parent.served->status();
  if (senders) status.senders = parent.served->senders();
  constexpr double kMillisecondNs = 1e6;
  status.loop = {.longest_turn_ms = static_cast<double>(turns_.longest_ns()) / kMillisecondNs,
                 .longest_turn_lately_ms = static_cast<double>(turns_.recent_ns()) / kMillisecondNs};
  StatusAnswer answer;
  answer.parents.push_back(std::move(status));
  answer.waiting = waiting();
  parent.server->put_off([answer = std::move(answer)] { return to_json(answer); });
}

std::string Control::asker_of(const Parent& parent) {
  const auto asker = parent.server->asked_by();
  return asker ? text_of(*asker) : "somebody";
}

void Control::refuse_who_may_only_look(const Parent& parent, const std::string& command) const {
  if (config_.control_group_may_change || parent.server->asked_by_root()) return;
  throw SetupError(
      fmt::format("{}: only root may ask for this; members of control_group may look, and change something "
                  "only with control_group_may_change = true",
                  command));
}

nlohmann::json Control::on_request(Parent& parent, const nlohmann::json& request) {
  const auto command = request.value("cmd", "");
  const bool changes =
      command == "reload" || command == "detach" || (command == "limit" && !asks_only(request));
  if (changes) refuse_who_may_only_look(parent, command);
  if (command == "ping") return {{"ok", true}};
  if (command == "status") {
    answer_status(parent, request.value("senders", false));
    return {};
  }
  if (command == "gone") return to_json(gone_status(history_, parent.served->name(), now_ns()));
  if (command == "limit") return limit(parent, request);
  if (command == "reload") {
    spdlog::info("{}: the configuration is to be read again; asked for by {}", visible(parent.served->name()),
                 asker_of(parent));
    reload_wanted_ = true;
    parent.reload_askers.push_back(parent.server->put_off());
    return {};
  }
  if (command == "detach") {
    spdlog::info("{}: to be detached; asked for by {}", visible(parent.served->name()), asker_of(parent));
    parent.leaving = true;
    return {{"ok", true}};
  }
  return {{"error", "unknown command"}};
}

}  // namespace arpline
