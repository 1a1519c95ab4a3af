// SPDX-License-Identifier: Apache-2.0
#include "control/event_loop.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/fd.hpp"

namespace arpline {
namespace {

constexpr Duration millisecond = 1ms;

struct EventLoopTest : testing::Test {
  EventLoop loop;
  Fd event{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};

  void turn() {
    loop.wait(0s);
    loop.dispatch();
  }
};

TEST_F(EventLoopTest, calls_who_waits_for_a_descriptor_until_the_source_is_gone) {
  int calls = 0;
  auto source =
      loop.on_io(event.get(), EPOLLIN, [&](std::uint32_t events) { calls += events == EPOLLIN ? 1 : 0; });
  turn();
  EXPECT_EQ(calls, 0);
  eventfd_write(event.get(), 1);
  turn();
  EXPECT_GT(calls, 0);
  const int before = calls;
  source.await(0);
  turn();
  EXPECT_EQ(calls, before);
  source.await(EPOLLIN);
  turn();
  EXPECT_GT(calls, before);
  source.reset();
  const int last = calls;
  turn();
  EXPECT_EQ(calls, last);
}

TEST_F(EventLoopTest, a_handler_may_remove_its_own_source_and_go_on) {
  EventLoop::Source source;
  std::string held = "what the handler holds stays until it returns";
  std::string seen;
  source = loop.on_io(event.get(), EPOLLIN, [&source, &seen, held](std::uint32_t) {
    source.reset();
    seen = held;
  });
  eventfd_write(event.get(), 1);
  turn();
  EXPECT_EQ(seen, held);
}

TEST_F(EventLoopTest, one_turn_calls_no_more_handlers_than_it_may) {
  int calls = 0;
  const auto source = loop.on_io(event.get(), EPOLLIN, [&](std::uint32_t) { ++calls; });
  eventfd_write(event.get(), 1);  // and nobody reads it
  turn();
  EXPECT_EQ(calls, EventLoop::kMostAtOnce);
  turn();
  EXPECT_EQ(calls, 2 * EventLoop::kMostAtOnce);
}

TEST_F(EventLoopTest, what_a_handler_throws_comes_out_of_dispatch_and_the_loop_goes_on) {
  bool throws = true;
  int calls = 0;
  const auto source = loop.on_io(event.get(), EPOLLIN, [&](std::uint32_t) {
    if (std::exchange(throws, false)) throw std::runtime_error("the handler's");
    ++calls;
  });
  eventfd_write(event.get(), 1);
  loop.wait(0s);
  EXPECT_THROW(loop.dispatch(), std::runtime_error);
  EXPECT_EQ(calls, 0);
  turn();
  EXPECT_GT(calls, 0);
}

TEST_F(EventLoopTest, a_timer_comes_again_and_what_was_missed_is_not_caught_up) {
  int calls = 0;
  const auto source = loop.every(std::chrono::milliseconds{20}, [&] { ++calls; });
  turn();
  EXPECT_EQ(calls, 0) << "not at once";
  for (const auto began = Clock::now(); calls < 2 && Clock::now() - began < 10'000 * millisecond;) {
    loop.wait(EventLoop::kForever);
    loop.dispatch();
  }
  EXPECT_EQ(calls, 2);
  usleep(200'000);
  turn();
  EXPECT_EQ(calls, 3) << "ten times 20 ms late";
}

TEST_F(EventLoopTest, waits_no_longer_than_it_is_asked_to) {
  const auto source = loop.on_io(event.get(), EPOLLIN, [](std::uint32_t) {});
  const auto began = Clock::now();
  loop.wait(30 * millisecond);
  EXPECT_GE(Clock::now() - began, 30 * millisecond);
  EXPECT_FALSE(loop.dispatch());
  eventfd_write(event.get(), 1);
  loop.wait(EventLoop::kForever);
  EXPECT_TRUE(loop.dispatch());
}

TEST_F(EventLoopTest, a_signal_is_a_call_and_kills_nobody) {
  int calls = 0;
  const auto source = loop.on_signal(SIGHUP, [&] { ++calls; });
  raise(SIGHUP);
  turn();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace arpline
