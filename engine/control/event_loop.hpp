// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include "base/clock.hpp"

struct sd_event;
struct sd_event_source;

namespace arpline {

/// The loop of the control thread, on sd-event(3). wait() and dispatch() are separate, so that the caller can
/// measure a turn without the wait, and can do what the handlers asked for in one place.
class EventLoop {
 public:
  /// Handlers called in one turn; the others are called in the next one.
  static constexpr int kMostAtOnce = 16;

  /// A descriptor, timer or signal that the loop waits for, until this object is destroyed. A handler may
  /// destroy its own source. Destroy the source before its descriptor is closed: sd-event would take a new
  /// descriptor of the same number out of the loop.
  class Source {
   public:
    Source() = default;
    /// EPOLLIN, EPOLLOUT or 0; errors and hang-ups are always reported.
    void await(std::uint32_t events) const;
    void reset() noexcept { source_.reset(); }

   private:
    friend class EventLoop;
    struct Remove {
      void operator()(sd_event_source* source) const noexcept;
    };
    explicit Source(sd_event_source* source) : source_(source) {}

    std::unique_ptr<sd_event_source, Remove> source_;
  };

  using Handler = std::function<void()>;
  using IoHandler = std::function<void(std::uint32_t events)>;

  /// Throws SetupError, as on_io(), every() and on_signal() do.
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() = default;

  Source on_io(int fd, std::uint32_t events, IoHandler handler);
  /// Calls the handler once per interval; intervals that were missed are not caught up.
  Source every(Duration interval, Handler handler);
  /// Blocks the signal for the calling thread and for the threads that it starts from now on.
  Source on_signal(int signal, Handler handler);

  /// Returns when an event has come, or after `patience`; kForever: only when an event has come.
  void wait(Duration patience);
  /// Calls the handlers of the events that have come; false: there were none. Throws a handler's exception; the
  /// other events wait for the next turn.
  bool dispatch();

  static constexpr Duration kForever = Duration::max();

 private:
  struct Watch {
    EventLoop& loop;
    IoHandler handler;
    std::uint64_t interval_us = 0;  // of a timer
  };
  struct Unref {
    void operator()(sd_event* event) const noexcept;
  };

  Source keep(sd_event_source* source, std::unique_ptr<Watch> watch, int error, const char* what);
  static void call(const Watch& watch, std::uint32_t events) noexcept;

  std::unique_ptr<sd_event, Unref> event_;
  std::exception_ptr thrown_;  // a handler's exception, which must not pass through sd-event's C code
  bool pending_ = false;       // wait() has found something
};

/// The lengths of the control loop's turns, in which events and clients wait. Pure: time is a parameter.
class Turns {
 public:
  static constexpr Duration kRecent = 60s;

  void add(Duration took, Instant now) noexcept {
    if (now - began_at_ >= kRecent) {
      before_ = now - began_at_ < 2 * kRecent ? recent_ : 0s;
      recent_ = 0s;
      began_at_ = now;
    }
    longest_ = std::max(longest_, took);
    recent_ = std::max(recent_, took);
  }
  /// The longest turn since the start.
  Duration longest() const noexcept { return longest_; }
  /// The longest turn in the last one to two minutes.
  Duration recent() const noexcept { return std::max(recent_, before_); }

 private:
  Duration longest_{};
  Duration recent_{};
  Duration before_{};
  Instant began_at_ = kNoTime;
};

}  // namespace arpline
