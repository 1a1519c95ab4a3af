// SPDX-License-Identifier: Apache-2.0
#include "endpoints/stations.hpp"

#include "base/shared_word.hpp"
#include "shared/hash.h"

namespace arpline {

bool was_station(std::span<const __u64> heard, const arpl_hash_keys& keys, Mac mac, Instant now) {
  const auto hash = arpl_hash(&keys, static_cast<__u32>(ARPL_HASH_HEARD) + ARPL_HEARD_STATION, mac, 0, 0, 0, 0);
  const auto place = (hash & (ARPL_HEARD_PLACES - 1)) * ARPL_HEARD_WORDS + ARPL_HEARD_STATION;
  if (place >= heard.size()) return false;
  const auto word = relaxed_load(heard[place]);
  return arpl_stamp_is(word, hash) != 0 && duration_from_raw(arpl_stamp_age_ns(word, raw(now))) < kStation;
}

}  // namespace arpline
