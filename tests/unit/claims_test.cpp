// SPDX-License-Identifier: Apache-2.0
#include "endpoints/claims.hpp"

#include <gtest/gtest.h>

#include "instant.hpp"

namespace arpline {
namespace {

arpl_endpoint_key key(Ipv4 address) {
  return {.address = address, .vlan = 0, .zero = 0};
}

TEST(Claims, have_the_mac_the_times_and_the_number) {
  Claims claims;
  claims.on(key(5), 0x66, Claims::Source::wire, at(10ns));
  claims.on(key(5), 0x66, Claims::Source::wire, at(20ns));
  claims.on(key(5), 0x77, Claims::Source::host, at(30ns));
  const auto& of = claims.of(key(5));
  ASSERT_EQ(of.size(), 2U);
  EXPECT_EQ(of[0].mac, 0x66U);
  EXPECT_EQ(of[0].first_at, at(10ns));
  EXPECT_EQ(of[0].last_at, at(20ns));
  EXPECT_EQ(of[0].times, 2U);
  EXPECT_EQ(of[0].source, Claims::Source::wire);
  EXPECT_EQ(of[1].source, Claims::Source::host);
}

TEST(Claims, have_the_source_of_the_last_claim) {
  Claims claims;
  claims.on(key(5), 0x66, Claims::Source::host, at(10ns));
  claims.on(key(5), 0x66, Claims::Source::dropped, at(20ns));
  EXPECT_EQ(claims.of(key(5))[0].source, Claims::Source::dropped);
  claims.on(key(5), 0x66, Claims::Source::host, at(30ns));
  EXPECT_EQ(claims.of(key(5))[0].source, Claims::Source::host);
}

TEST(Claims, have_the_origin_of_the_last_claim) {
  Claims claims;
  claims.on(key(5), 0x66, Claims::Source::wire, at(10ns));
  EXPECT_EQ(claims.of(key(5))[0].origin, ClaimOrigin::elsewhere);
  claims.on(key(5), 0x66, Claims::Source::host, at(20ns), ClaimOrigin::sibling);
  EXPECT_EQ(claims.of(key(5))[0].origin, ClaimOrigin::sibling);
}

TEST(Claims, are_empty_for_an_unclaimed_or_forgotten_address) {
  Claims claims;
  claims.on(key(5), 0x66, Claims::Source::wire, at(10ns));
  claims.forget(key(5));
  EXPECT_TRUE(claims.of(key(5)).empty());
  EXPECT_TRUE(claims.of(key(6)).empty());
}

TEST(Claims, are_bounded_for_any_addresses_and_macs) {
  Claims claims;
  for (Ipv4 address = 1; address <= 3 * Claims::kMostEndpoints; ++address)
    for (Mac mac = 1; mac <= 2 * Claims::kMostClaimants; ++mac)
      claims.on(key(address), mac, Claims::Source::wire, at(duration_from_raw(address)));
  std::size_t known = 0;
  for (Ipv4 address = 1; address <= 3 * Claims::kMostEndpoints; ++address) {
    EXPECT_LE(claims.of(key(address)).size(), Claims::kMostClaimants);
    known += claims.of(key(address)).empty() ? 0U : 1U;
  }
  EXPECT_EQ(known, Claims::kMostEndpoints);
  EXPECT_FALSE(claims.of(key(3 * Claims::kMostEndpoints)).empty()) << "the newest stays";
}

}  // namespace
}  // namespace arpline
