// SPDX-License-Identifier: Apache-2.0
#include "control/background.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <latch>

namespace arpline {
namespace {

void wait_for(const Background& background) {
  pollfd one{.fd = background.fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&one, 1, -1), 1);
}

TEST(Background, makes_texts_in_order_and_tells_when_they_are_done) {
  Background background;
  EXPECT_TRUE(background.take().empty());
  std::latch begin{1};
  background.give(1, [&begin] {
    begin.wait();
    return std::string{"first"};
  });
  background.give(2, [] { return std::string(1 << 20, 'x'); });
  EXPECT_TRUE(background.take().empty()) << "nothing is done, and nobody waits for it";
  begin.count_down();
  std::vector<Background::Done> done;
  while (done.size() < 2) {
    wait_for(background);
    for (auto& one : background.take()) done.push_back(std::move(one));
  }
  EXPECT_EQ(done[0], (Background::Done{1, "first"}));
  EXPECT_EQ(done[1].first, 2U);
  EXPECT_EQ(done[1].second.size(), 1U << 20);
  EXPECT_TRUE(background.take().empty());
}

TEST(Background, begins_nothing_that_nobody_waits_for_any_more) {
  Background background;
  std::latch begun{1};
  std::latch begin{1};
  background.give(1, [&] {
    begun.count_down();
    begin.wait();
    return std::string{"first"};
  });
  begun.wait();
  bool made = false;
  for (std::uint64_t ticket = 2; ticket <= 1000; ++ticket) {
    background.give(ticket, [&made] {
      made = true;
      return std::string{"forgotten"};
    });
    background.forget(ticket);
  }
  background.give(1001, [] { return std::string{"last"}; });
  begin.count_down();
  std::vector<Background::Done> done;
  while (done.size() < 2) {
    wait_for(background);
    for (auto& one : background.take()) done.push_back(std::move(one));
  }
  EXPECT_EQ(done[1], (Background::Done{1001, "last"}));
  EXPECT_FALSE(made);
}

TEST(Background, ends_with_work_that_nobody_takes) {
  Background background;
  for (std::uint64_t ticket = 1; ticket <= 16; ++ticket)
    background.give(ticket, [] { return std::string{"x"}; });
  wait_for(background);
}

}  // namespace
}  // namespace arpline
