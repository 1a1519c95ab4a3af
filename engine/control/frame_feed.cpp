// SPDX-License-Identifier: Apache-2.0
#include "control/frame_feed.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "report/status.hpp"

namespace arpline {
namespace {

template <class Answer>
std::string line_of(const Answer& answer) {
  return to_json(answer).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

// The real time less the programs' clock.
std::uint64_t real_time_ahead_ns(Instant now) {
  const auto real = std::chrono::system_clock::now().time_since_epoch();
  return raw(std::chrono::duration_cast<Duration>(real)) - raw(now);
}

// Makes the eventfd readable at the end of its scope, also after an exception.
struct Tell {
  int event;
  ~Tell() { eventfd_write(event, 1); }
};

}  // namespace

FrameFeed::FrameFeed(const ParentState& state, Programs& programs, const EndpointRegistry& registry,
                     EventLoop& loop)
    : state_(state),
      programs_(programs),
      names_(registry),
      loop_(loop),
      loaded_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!loaded_event_) throw_errno("make an eventfd", errno);
  loaded_source_ = loop_.on_io(loaded_event_.get(), EPOLLIN, [this](std::uint32_t) { on_loaded(); });
}

FrameFeed::~FrameFeed() {
  leave();
}

void FrameFeed::check(const WatchRequest& wanted) const {
  outcome_bits(wanted.verdicts);
  if (std::ranges::all_of(watchers_, [](const auto& one) { return one.has_value(); }))
    throw SetupError(
        fmt::format("{}: {} watch it already, and that is the most", state_.name(), ARPL_WATCHERS));
}

void FrameFeed::add(Fd client, WatchRequest wanted) {
  const auto free = std::ranges::find_if(watchers_, [](const auto& one) { return !one.has_value(); });
  if (free == watchers_.end()) return;
  const auto number = static_cast<std::size_t>(free - watchers_.begin());
  auto& watcher = free->emplace(Watcher{.fd = std::move(client), .wanted = std::move(wanted)});
  try {
    watcher.source = loop_.on_io(watcher.fd.get(), EPOLLIN,
                                 [this, number](std::uint32_t events) { on_client(number, events); });
  } catch (const SetupError&) {
    return free->reset();
  }
  if (watched_) return begin(number);
  if (!loading_.valid()) load();
}

// The verifier takes longer than the loop may stand still.
void FrameFeed::load() {
  loading_ = std::async(std::launch::async, [maps = &programs_.maps(), ingress = programs_.ingress_kind(),
                                             done = loaded_event_.get()] {
    const Tell at_the_end{done};
    return std::make_unique<WatchedPrograms>(*maps, ingress);
  });
}

void FrameFeed::on_loaded() {
  eventfd_t times = 0;
  eventfd_read(loaded_event_.get(), &times);
  if (!loading_.valid()) return;
  try {
    watched_ = loading_.get();
    programs_.use(watched_->ingress_fd(), watched_->egress_fd());
    frames_ = loop_.on_io(watched_->fd(), EPOLLIN, [this](std::uint32_t) { drain(); });
    for (std::size_t i = 0; i < watchers_.size(); ++i)
      if (watchers_[i]) begin(i);
  } catch (const SetupError& error) {
    spdlog::warn("{}: frames can't be watched: {}", state_.name(), error.what());
    refuse(error.what());
    leave();
  }
}

void FrameFeed::refuse(const std::string& why) {
  const auto line =
      nlohmann::json{{"error", why}}.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    if (!watchers_[i]) continue;
    send(watchers_[i]->fd.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    drop(i);
  }
}

// Programs that went with their parent need no putting back.
void FrameFeed::leave() {
  frames_.reset();
  if (!watched_) return;
  try {
    programs_.use_own();
  } catch (const SetupError& error) {
    if (programs_.attached()) spdlog::warn("{}", error.what());
  }
  watched_.reset();
}

void FrameFeed::begin(std::size_t number) {
  auto& watcher = *watchers_[number];
  watcher.counted = watched_->left_out().frames[number];
  fill_filter(number);
  put(watcher, line_of(WatchAnswer{.parent = state_.link.name,
                                   .wire = programs_.ingress_kind() != IngressProgram::none}));
  write_some(number);
}

void FrameFeed::fill_filter(std::size_t number) {
  auto& watcher = *watchers_[number];
  const auto& wanted = watcher.wanted;
  auto& filter = watched_->filters()[number];
  filter.outcomes = outcome_bits(wanted.verdicts);
  filter.from_mac = wanted.from_mac.value_or(0);
  filter.from_ip = wanted.from_address.value_or(0);
  filter.endpoint = wanted.endpoint.value_or(0);
  std::uint32_t flags = ARPL_WATCH_ON | (wanted.claims ? ARPL_WATCH_CLAIMS : 0);
  if (!wanted.container.empty()) {
    const auto numbers = names_.matching(wanted.container);
    std::ranges::copy(numbers.netns, filter.netns);
    watcher.by_name = numbers.too_many;
    flags |= numbers.too_many ? 0 : ARPL_WATCH_NETNS;
  }
  filter.flags = flags;
}

void FrameFeed::drop(std::size_t number) {
  if (watched_) watched_->filters()[number].flags = 0;
  watchers_[number].reset();
}

void FrameFeed::tick() {
  if (!watched_) return;
  if (std::ranges::none_of(watchers_, [](const auto& one) { return one.has_value(); })) return leave();
  ++ticks_;
  const auto left_out = watched_->left_out();
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    if (!watchers_[i]) continue;
    auto& watcher = *watchers_[i];
    const auto more = left_out.frames[i] - watcher.counted + watcher.lost;
    if (more != 0 && put(watcher, line_of(WatchLeftOut{.left_out = more}))) {
      watcher.counted = left_out.frames[i];
      watcher.lost = 0;
    }
    if (i == ticks_ % ARPL_WATCHERS && !watcher.wanted.container.empty()) fill_filter(i);
    write_some(i);
  }
}

void FrameFeed::drain() {
  const auto now = Clock::now();
  const auto ahead = real_time_ahead_ns(now);
  watched_->drain([&](const arpl_watched_frame& record) { on_frame(record, now, ahead); }, kMostAtOnce);
  for (std::size_t i = 0; i < watchers_.size(); ++i)
    if (watchers_[i]) write_some(i);
}

void FrameFeed::on_frame(const arpl_watched_frame& record, Instant now, std::uint64_t ahead_ns) {
  auto frame = watched_frame(record, ahead_ns);
  frame.parent = state_.link.name;
  if (frame.readable) {
    frame.sender_container = names_.of_sender(frame.sender_mac, frame.sender, frame.vlan, now);
    frame.target_container = names_.of_endpoint(frame.target, frame.vlan);
    if (frame.claims) frame.claimed_of = names_.of_endpoint(frame.sender, frame.vlan);
  }
  const auto line = line_of(frame);
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    if ((record.about.watchers >> i & 1U) == 0 || !watchers_[i] || !takes(*watchers_[i], frame)) continue;
    if (!put(*watchers_[i], line)) ++watchers_[i]->lost;
  }
}

bool FrameFeed::takes(const Watcher& watcher, const WatchedFrame& frame) {
  if (!watcher.by_name) return true;
  return FrameNames::matches(watcher.wanted.container, frame.sender_container) ||
         FrameNames::matches(watcher.wanted.container, frame.target_container);
}

bool FrameFeed::put(Watcher& watcher, const std::string& line) {
  if (watcher.unread.size() + line.size() > kMostUnread) return false;
  watcher.unread += line;
  return true;
}

// A watcher has nothing more to say: what it sends is read and forgotten.
void FrameFeed::on_client(std::size_t number, std::uint32_t events) {
  std::array<char, 512> said{};
  const bool hung_up = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (hung_up || ((events & EPOLLIN) != 0 &&
                  recv(watchers_[number]->fd.get(), said.data(), said.size(), MSG_DONTWAIT) == 0))
    return drop(number);
  if ((events & EPOLLOUT) != 0) write_some(number);
}

void FrameFeed::write_some(std::size_t number) {
  auto& watcher = *watchers_[number];
  if (watcher.unread.empty()) return;
  const auto count =
      send(watcher.fd.get(), watcher.unread.data(), watcher.unread.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && errno != EAGAIN) return drop(number);
  if (count > 0) watcher.unread.erase(0, static_cast<std::size_t>(count));
  watcher.source.await(watcher.unread.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

}  // namespace arpline
