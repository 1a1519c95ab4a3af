// SPDX-License-Identifier: Apache-2.0
#include "shared/siphash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>

namespace arpline {
namespace {

// The expected values come from a Python implementation that reproduces the paper's vector for SipHash-2-4.
TEST(SipHash, gives_the_values_of_an_independent_implementation) {
  EXPECT_EQ(arpl_siphash3(0x0706050403020100U, 0x0f0e0d0c0b0a0908U, 0, 0, 0), 0x59b0db3ca5406644U);
  EXPECT_EQ(arpl_siphash3(0x0706050403020100U, 0x0f0e0d0c0b0a0908U, 0x0706050403020100U, 0x0f0e0d0c0b0a0908U,
                          0x1716151413121110U),
            0x525a0e7fdae6c123U);
  EXPECT_EQ(
      arpl_siphash3(0x0123456789abcdefU, 0xfedcba9876543210U, 0x9934120054520000U, 0x6300010a0500010aU, 41),
      0xb6399f454a5d6968U);
  EXPECT_EQ(arpl_siphash3(0, 0, ~0ULL, ~0ULL, ~0ULL), 0x54b04454203cd5a0U);
}

// A changed input bit changes between a quarter and three quarters of the output.
void expect_all_changed(std::uint64_t a, std::uint64_t b, int bit) {
  EXPECT_GE(std::popcount(a ^ b), 16) << "bit " << bit;
  EXPECT_LE(std::popcount(a ^ b), 48) << "bit " << bit;
}

TEST(SipHash, every_bit_of_the_key_changes_everything) {
  const auto plain = arpl_siphash3(1, 2, 3, 4, 5);
  for (int bit = 0; bit < 64; ++bit) {
    expect_all_changed(plain, arpl_siphash3(1 ^ 1ULL << bit, 2, 3, 4, 5), bit);
    expect_all_changed(plain, arpl_siphash3(1, 2 ^ 1ULL << bit, 3, 4, 5), bit);
  }
}

TEST(SipHash, every_bit_of_the_input_changes_everything) {
  const auto plain = arpl_siphash3(1, 2, 3, 4, 5);
  for (int bit = 0; bit < 64; ++bit) {
    expect_all_changed(plain, arpl_siphash3(1, 2, 3 ^ 1ULL << bit, 4, 5), bit);
    expect_all_changed(plain, arpl_siphash3(1, 2, 3, 4 ^ 1ULL << bit, 5), bit);
    expect_all_changed(plain, arpl_siphash3(1, 2, 3, 4, 5 ^ 1ULL << bit), bit);
  }
}

TEST(SipHash, neighbouring_requesters_spread_over_the_whole_table) {
  constexpr std::uint64_t places = 1024;
  std::set<std::uint64_t> used;
  for (std::uint64_t i = 0; i < places; ++i) used.insert(arpl_siphash3(1, 2, i, 0, 0) % places);
  // A random function fills 1 - 1/e of the places: 647 ± 16.
  EXPECT_GT(used.size(), 580U);
  EXPECT_LT(used.size(), 720U);
}

}  // namespace
}  // namespace arpline
