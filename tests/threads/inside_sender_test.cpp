// SPDX-License-Identifier: Apache-2.0
#include "control/inside_sender.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace arpline {
namespace {

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// The namespace lives as long as its descriptors.
Fd new_netns() {
  Fd netns;
  std::thread([&netns] {
    if (unshare(CLONE_NEWNET) == 0) netns = Fd{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  }).join();
  return netns;
}

void wait_until_idle(const InsideSender& sender) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!sender.idle() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  ASSERT_TRUE(sender.idle());
}

TEST(InsideSender, is_idle_again_after_each_namespace_and_keeps_none_open) {
  if (!new_netns()) GTEST_SKIP() << "making a network namespace needs root";
  InsideSender sender;
  const auto before = open_descriptors();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(sender.idle());
    sender.send(new_netns(), {{.ifindex = 1, .frame = arpl_announcement(2, 3, 0)}});
    wait_until_idle(sender);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(InsideSender, ends_with_what_is_under_way) {
  auto netns = new_netns();
  if (!netns) GTEST_SKIP() << "making a network namespace needs root";
  InsideSender sender;
  sender.send(std::move(netns), {{.ifindex = 1, .frame = arpl_announcement(2, 3, 0)}});
}

}  // namespace
}  // namespace arpline
