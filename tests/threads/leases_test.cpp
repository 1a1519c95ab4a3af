// SPDX-License-Identifier: Apache-2.0
#include "control/leases.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace arpline {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::minutes kNeverInATest{10};

std::uint64_t value_of(__u64& lease) {
  return std::atomic_ref<__u64>(lease).load();
}

bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kNeverInATest;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds{1});
  return condition();
}

TEST(Leases, are_extended_at_once_and_again_without_the_loop) {
  __u64 lease = 0;
  Leases leases(kNeverInATest);
  leases.add(lease);
  const auto first = value_of(lease);
  EXPECT_GT(first, 0U);
  EXPECT_TRUE(comes_true([&] { return value_of(lease) > first; }));
}

TEST(Leases, of_a_loop_that_hangs_are_extended_no_more) {
  __u64 lease = 0;
  __u64 other = 0;
  Leases leases(0s);  // the loop counts as hung at once
  leases.add(lease);
  const auto first = value_of(lease);
  EXPECT_TRUE(comes_true([&] { return raw(Clock::now()) > value_of(lease); })) << "it ends";
  EXPECT_EQ(value_of(lease), first);
  leases.add(other);
  EXPECT_EQ(value_of(lease), first) << "another one's start extends no other";
}

TEST(Leases, are_extended_again_once_the_loop_is_alive) {
  __u64 lease = 0;
  Leases leases(milliseconds{1});
  leases.add(lease);
  const auto first = value_of(lease);
  EXPECT_TRUE(comes_true([&] {
    leases.alive();
    return value_of(lease) > first;
  }));
}

TEST(Leases, that_are_removed_are_touched_by_nobody) {
  __u64 kept = 0;
  Leases leases(kNeverInATest);
  leases.add(kept);
  for (int i = 0; i < 100; ++i) {
    __u64 lease = 0;
    leases.add(lease);
    leases.remove(lease);
    lease = 1;  // not atomic, so that ThreadSanitizer reports any other writer
    const auto before = value_of(kept);
    if (i == 0) {
      EXPECT_TRUE(comes_true([&] { return value_of(kept) > before; }));
    }
    EXPECT_EQ(lease, 1U);
  }
}

}  // namespace
}  // namespace arpline
