// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include "shared/abi.h"

struct sd_event;
struct sd_event_source;

namespace arpline {

/// The loop of the control thread, on sd-event(3). It waits apart from calling the handlers, so that whoever
/// turns it can measure a turn without the waiting, and can apply what the handlers asked for at one place.
class EventLoop {
 public:
  /// Handlers called in one turn; what is left is called in the next one.
  static constexpr int kMostAtOnce = 16;

  /// One thing that the loop waits for, until the object is destroyed. A handler may destroy its own source. A
  /// descriptor must not be closed before its source is destroyed: sd-event would take another one of the same
  /// number out of the loop.
  class Source {
   public:
    Source() = default;
    /// EPOLLIN, EPOLLOUT or 0; errors and hang-ups are always told.
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

  /// Throws SetupError, as the next three.
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() = default;

  Source on_io(int fd, std::uint32_t events, IoHandler handler);
  /// Again and again; what was missed while something else took long is not caught up.
  Source every(std::chrono::nanoseconds interval, Handler handler);
  /// Blocks the signal for the calling thread, and for those that it starts from now on.
  Source on_signal(int signal, Handler handler);

  /// Returns when something has come, or after this many nanoseconds; kForever: not before something comes.
  void wait(std::uint64_t patience_ns);
  /// Calls the handlers of what has come; false: nothing had. What one of them throws is thrown here, and the
  /// others wait.
  bool dispatch();

  static constexpr std::uint64_t kForever = UINT64_MAX;

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
  std::exception_ptr thrown_;  // by a handler: sd-event is C, and nothing may be thrown through it
  bool pending_ = false;       // wait() has found something
};

/// How long the control loop's turns take: events and who asks wait meanwhile. Pure.
class Turns {
 public:
  static constexpr std::uint64_t kRecentNs = 60 * ARPL_SECOND_NS;

  void add(std::uint64_t took_ns, std::uint64_t now) noexcept {
    if (now - began_at_ >= kRecentNs) {
      before_ns_ = now - began_at_ < 2 * kRecentNs ? recent_ns_ : 0;
      recent_ns_ = 0;
      began_at_ = now;
    }
    longest_ns_ = std::max(longest_ns_, took_ns);
    recent_ns_ = std::max(recent_ns_, took_ns);
  }
  /// Since the start.
  std::uint64_t longest_ns() const noexcept { return longest_ns_; }
  /// In the last one to two minutes.
  std::uint64_t recent_ns() const noexcept { return std::max(recent_ns_, before_ns_); }

 private:
  std::uint64_t longest_ns_ = 0;
  std::uint64_t recent_ns_ = 0;
  std::uint64_t before_ns_ = 0;
  std::uint64_t began_at_ = 0;
};

}  // namespace arpline
