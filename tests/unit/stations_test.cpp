// SPDX-License-Identifier: Apache-2.0
#include "endpoints/stations.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "endpoints/tables.hpp"
#include "instant.hpp"
#include "shared/hash.h"

namespace arpline {
namespace {

constexpr Instant kNow = at(5000s);

TEST(Stations, who_was_answered_on_the_wire_is_one_for_a_while_and_nobody_else_is) {
  std::vector<__u64> heard(ARPL_HEARD_ENTRIES);
  arpl_hash_keys keys{};
  arpl_derive_keys(1, 2, &keys);
  const Mac station = 0x0200000000b0;
  EXPECT_FALSE(was_station(heard, keys, station, kNow));
  const auto hash =
      arpl_hash(&keys, static_cast<__u32>(ARPL_HASH_HEARD) + ARPL_HEARD_STATION, station, 0, 0, 0, 0);
  heard[(hash & (ARPL_HEARD_PLACES - 1)) * ARPL_HEARD_WORDS + ARPL_HEARD_STATION] =
      arpl_stamp_word(hash, raw(kNow));
  EXPECT_TRUE(was_station(heard, keys, station, kNow + 1s));
  EXPECT_FALSE(was_station(heard, keys, station + 2, kNow + 1s));
  EXPECT_FALSE(was_station(heard, keys, station, kNow + 2 * kStation));
}

}  // namespace
}  // namespace arpline
