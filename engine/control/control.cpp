// SPDX-License-Identifier: Apache-2.0
#include "control/control.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/log.hpp"
#include "report/answers.hpp"

namespace arpline {
namespace {

constexpr std::uint64_t kTicksPerSecond = 1s / ServedParent::kTick;
constexpr std::chrono::milliseconds kPatienceAtStart{1000};
constexpr std::chrono::milliseconds kPatienceInTheLoop{50};

}  // namespace

// Blocks the signals first: every thread that is started from here on, also by a library, has them blocked.
Control::Control(Configure configure, ServiceFactory factory)
    : configure_(std::move(configure)),
      config_(configure_()),
      factory_(std::move(factory)),
      monitor_(*this, config_.netns_folders),
      neighbours_(config_.run_root, monitor_),
      route_(NETLINK_ROUTE),
      parents_(*this),
      requests_(config_, parents_, history_, turns_),
      socket_group_(socket_group(config_.control_group)) {
  for (const int signal : {SIGTERM, SIGINT})
    sources_.push_back(loop_.on_signal(signal, [this] { ending_ = true; }));
  sources_.push_back(loop_.on_signal(SIGHUP, [this] { reload_wanted_ = true; }));
  sources_.push_back(loop_.every(ServedParent::kTick, [this] { tick(); }));
  sources_.push_back(loop_.on_io(filters_.fd(), EPOLLIN, [this](std::uint32_t) { on_filters(); }));
  // These only wake the loop: work() reads them in every turn.
  for (const int fd : {monitor_.events_fd(), monitor_.folders_fd()})
    sources_.push_back(loop_.on_io(fd, EPOLLIN, [](std::uint32_t) {}));
}

void Control::run() {
  monitor_.look();
  parents_.start(config_.parents, Clock::now());
  starting_ = false;
  manager_.ready(parents_.state());
  while (!ending_) turn();
  manager_.stopping();
  parents_.leave_all();
}

void Control::turn() {
  loop_.wait(patience());
  const auto began = Clock::now();
  leases_.alive();
  loop_.dispatch();
  work();
  change_parents();
  keep_up();
  const auto now = Clock::now();
  turns_.add(now - began, now);
}

Duration Control::patience() {
  bool busy = false;
  parents_.each_served([&](const ServedParent& served) { busy = busy || served.busy(); });
  if (busy) return 0s;
  const int discovery = monitor_.patience_ms();
  const Duration patience = discovery < 0 ? EventLoop::kForever : std::chrono::milliseconds{discovery};
  if (keep_up_at_ == kNever) return patience;
  return std::min(patience, std::max(keep_up_at_ - Clock::now(), Duration::zero()));
}

void Control::work() {
  try {
    monitor_.work();
    parents_.each_served([](ServedParent& served) { served.go_on(); });
    history_.bury();
    last_complaint_.clear();
  } catch (const SetupError& error) {
    if (error.what() != last_complaint_) spdlog::warn("{}", error.what());
    last_complaint_ = error.what();
  }
}

// The one place that serves, changes and leaves parents: no request and no loop refers to a parent here.
// Leaving comes last, whatever else came in the same turn.
void Control::change_parents() {
  const bool links_changed = std::exchange(links_changed_, false);
  reload_where_asked();
  const bool second_is_over = std::exchange(second_is_over_, false);
  if (second_is_over) neighbours_.look(Clock::now());
  if (second_is_over || links_changed) parents_.look(Clock::now());
  if (parents_.leave_where_asked()) ending_ = true;
  if (const auto now = parents_.state(); now != reported_state_) manager_.status(reported_state_ = now);
}

// Reloads once in a turn, however many have asked for it.
void Control::reload_where_asked() {
  const auto askers = parents_.take_reload_askers();
  if (!std::exchange(reload_wanted_, false) && askers.empty()) return;
  const auto reply = reload();
  if (reply.contains("error") && askers.empty()) spdlog::error("{}", reply["error"].get<std::string>());
  for (const auto& [parent, ticket] : askers)
    if (parent->server) parent->server->answer(ticket, reply);
}

nlohmann::json Control::reload() {
  manager_.reloading();
  std::string error = "the configuration stays as it was: ";
  try {
    const auto wanted = configure_();
    refuse_what_needs_a_restart(config_, wanted);
    config_ = wanted;
    const auto errors = parents_.apply(wanted, Clock::now());
    error = errors.empty() ? "" : "the configuration is in force in part: " + errors;
  } catch (const SetupError& refused) {
    error += refused.what();
  }
  manager_.ready(parents_.state());
  if (!error.empty()) return {{"error", error}};
  spdlog::info("the configuration has been read again");
  return to_json(ReloadAnswer{.parents = parents_.names(), .waiting = parents_.waiting(Clock::now())});
}

void Control::keep_up() {
  const auto now = Clock::now();
  keep_up_at_ = kNever;
  parents_.each_served([&](ServedParent& served) { keep_up_at_ = std::min(keep_up_at_, served.keep_up(now)); });
}

void Control::tick() {
  const auto now = Clock::now();
  bool healthy = true;
  parents_.each_served([&](ServedParent& served) {
    healthy = served.healthy(now) && healthy;
    served.tick();
  });
  parents_.each([now](const Parent& parent) {
    if (parent.server) parent.server->tick(now);
    if (parent.feed) parent.feed->tick();
  });
  monitor_.tick(ServedParent::kTick);
  manager_.tick(now, healthy);
  tick_log();
  if (++ticks_ % kTicksPerSecond == 0) second_is_over_ = true;
}

void Control::on_filters() {
  filters_.read([this](int ifindex) {
    parents_.each_served([ifindex](ServedParent& served) {
      if (ifindex == TcEvents::kEvery || ifindex == served.ifindex()) served.on_filters();
    });
  });
}

void Control::on_link(std::optional<int> nsid, int ifindex) {
  parents_.each_served([&](ServedParent& served) { served.on_link_elsewhere(nsid, ifindex); });
}

// Announces the endpoints of one namespace before the next namespace is handled.
void Control::on_children(int nsid, const std::vector<Interface>& children, Instant heard_at) {
  parents_.each_served([&](ServedParent& served) { served.update(nsid, children, heard_at); });
  keep_up();
}

void Control::on_host_addresses(Instant heard_at) {
  parents_.each_served(
      [&](ServedParent& served) { served.host_has(monitor_.host_addresses(served.ifindex()), heard_at); });
}

void Control::on_children_told() {
  parents_.each_served([](ServedParent& served) { served.settle(); });
}

void Control::serve(Parent& parent) {
  leases_.alive();  // serving a parent may take as long as a turn
  const auto& name = parent.config.name;
  const auto* known = monitor_.links().find(name);
  const auto link = known != nullptr ? arpline::find_link(route_, known->ifindex) : std::nullopt;
  if (!link) throw SetupError(visible(name) + ": no such interface; `ip link` lists those that exist");
  if (link->kind == "macvlan" || link->kind == "macvtap") {
    throw SetupError(fmt::format("{} is itself a {}; name the interface that it stands on", visible(link->name),
                                 link->kind));
  }
  remove_stale_pins(config_.pin_root, config_.run_root);
  const Snapshot snapshot{.parent = monitor_.links().parent(link->ifindex).value(),
                          .interfaces = monitor_.children_on(link->ifindex),
                          .host = monitor_.host_addresses(link->ifindex)};
  auto served = std::make_unique<ServedParent>(
      config_, parent.config, *link, snapshot,
      ServedParent::Shared{.factory = factory_,
                           .open_netns = [this](int nsid) { return monitor_.open(nsid); },
                           .history = history_,
                           .neighbours = neighbours_,
                           .refused = refused_,
                           .leases = leases_},
      starting_ ? kPatienceAtStart : kPatienceInTheLoop);
  auto events = loop_.on_io(served->events_fd(), EPOLLIN, [this, &parent](std::uint32_t) {
    if (parent.served->drain_events()) monitor_.hint();
  });
  EventLoop::Source tags;
  if (served->tags_fd() >= 0)
    tags = loop_.on_io(served->tags_fd(), EPOLLIN, [&parent](std::uint32_t) {
      Parents::contain(parent, [&parent] { parent.served->read_tags(); });
      if (parent.served->tags_fd() < 0) parent.tags.reset();
    });
  auto feed = served->make_feed(loop_);
  // The last step that may fail, so that no client can ask about a parent that is not served.
  parent.server = std::make_unique<Server>(
      served->socket_path(), loop_,
      [this, &parent](const nlohmann::json& request) { return requests_.answer(parent, request); },
      socket_group_);
  parent.served = std::move(served);
  parent.feed = std::move(feed);
  parent.events = std::move(events);
  parent.tags = std::move(tags);
}

}  // namespace arpline
