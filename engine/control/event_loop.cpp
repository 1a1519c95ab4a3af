// SPDX-License-Identifier: Apache-2.0
#include "control/event_loop.hpp"

#include <pthread.h>
#include <systemd/sd-event.h>

#include <csignal>
#include <utility>

#include "base/error.hpp"

namespace arpline {
namespace {

constexpr std::uint64_t kAccuracyUs = 1;  // 0 would mean sd-event's default of 250 ms

std::uint64_t microseconds(Duration time) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::microseconds>(time).count());
}

}  // namespace

void EventLoop::Unref::operator()(sd_event* event) const noexcept {
  sd_event_unref(event);
}

void EventLoop::Source::Remove::operator()(sd_event_source* source) const noexcept {
  sd_event_source_disable_unref(source);
}

void EventLoop::Source::await(std::uint32_t events) const {
  if (source_) sd_event_source_set_io_events(source_.get(), events);
}

EventLoop::EventLoop() {
  sd_event* event = nullptr;
  if (const int error = sd_event_new(&event); error < 0) throw_errno("make an event loop", -error);
  event_.reset(event);
}

// The watch must live as long as sd-event may call it: sd-event frees a source that is removed within its own
// handler only after the handler has returned.
EventLoop::Source EventLoop::keep(sd_event_source* source, std::unique_ptr<Watch> watch, int error,
                                  const char* what) {
  if (error < 0) throw_errno(what, -error);
  Source kept{source};
  sd_event_source_set_destroy_callback(source, [](void* gone) { delete static_cast<Watch*>(gone); });
  static_cast<void>(watch.release());  // the destroy callback frees it
  return kept;
}

void EventLoop::call(const Watch& watch, std::uint32_t events) noexcept {
  try {
    watch.handler(events);
  } catch (...) {
    watch.loop.thrown_ = std::current_exception();
  }
}

EventLoop::Source EventLoop::on_io(int fd, std::uint32_t events, IoHandler handler) {
  auto watch = std::make_unique<Watch>(Watch{.loop = *this, .handler = std::move(handler)});
  sd_event_source* source = nullptr;
  const auto ready = [](sd_event_source*, int, std::uint32_t ready_events, void* userdata) {
    call(*static_cast<Watch*>(userdata), ready_events);
    return 0;
  };
  const int error = sd_event_add_io(event_.get(), &source, fd, events, ready, watch.get());
  return keep(source, std::move(watch), error, "wait for a descriptor");
}

EventLoop::Source EventLoop::every(Duration interval, Handler handler) {
  const auto us = microseconds(interval);
  auto watch =
      std::make_unique<Watch>(Watch{.loop = *this,
                                    .handler = [handler = std::move(handler)](std::uint32_t) { handler(); },
                                    .interval_us = us});
  sd_event_source* source = nullptr;
  const auto due = [](sd_event_source* timer, std::uint64_t due_at, void* userdata) {
    const auto& timer_watch = *static_cast<Watch*>(userdata);
    std::uint64_t now = due_at;
    sd_event_now(timer_watch.loop.event_.get(), CLOCK_MONOTONIC, &now);
    const auto next = due_at + timer_watch.interval_us;
    sd_event_source_set_time(timer, next > now ? next : now + timer_watch.interval_us);
    sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
    call(timer_watch, 0);
    return 0;
  };
  const int error =
      sd_event_add_time_relative(event_.get(), &source, CLOCK_MONOTONIC, us, kAccuracyUs, due, watch.get());
  return keep(source, std::move(watch), error, "make a timer");
}

EventLoop::Source EventLoop::on_signal(int signal, Handler handler) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
    throw_errno("block a signal", error);
  auto watch = std::make_unique<Watch>(
      Watch{.loop = *this, .handler = [handler = std::move(handler)](std::uint32_t) { handler(); }});
  sd_event_source* source = nullptr;
  const auto raised = [](sd_event_source*, const signalfd_siginfo*, void* userdata) {
    call(*static_cast<Watch*>(userdata), 0);
    return 0;
  };
  const int error = sd_event_add_signal(event_.get(), &source, signal, raised, watch.get());
  return keep(source, std::move(watch), error, "wait for a signal");
}

void EventLoop::wait(Duration patience) {
  if (pending_) return;
  int found = sd_event_prepare(event_.get());
  if (found == 0)
    found = sd_event_wait(event_.get(), patience == kForever ? UINT64_MAX : microseconds(patience));
  if (found < 0) throw_errno("wait for events", -found);
  pending_ = found > 0;
}

bool EventLoop::dispatch() {
  if (!std::exchange(pending_, false)) return false;
  int more = sd_event_dispatch(event_.get());
  for (int called = 1; more >= 0 && !thrown_ && called < kMostAtOnce; ++called)
    if ((more = sd_event_run(event_.get(), 0)) == 0) break;
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  if (more < 0) throw_errno("call the handler of an event", -more);
  return true;
}

}  // namespace arpline
