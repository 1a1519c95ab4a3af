// SPDX-License-Identifier: Apache-2.0
#include "control/limits.hpp"

#include <algorithm>

namespace arpline {
namespace {

// One source MAC may take a quarter of the TO_CHILD budget: four talkers must collude to use it up.
constexpr std::uint64_t kSourceShare = 4;
// A budget may be saved up for five seconds.
constexpr std::uint64_t kBurstSeconds = 5;
constexpr std::uint64_t kEventsPerSecond = 100;
// Two bursts: one under way on either side. 64 starves the worker, more than 128 gains nothing.
constexpr std::uint64_t kCreditWindow = 128;

// bucket.h's words for a rate per second; 0 gives nothing.
void set_budget(__u64& interval_ns, __u64& burst_ns, std::uint64_t per_second) {
  interval_ns = per_second == 0 ? ARPL_SECOND_NS : std::max<__u64>(1, ARPL_SECOND_NS / per_second);
  burst_ns = per_second == 0 ? 0 : std::max<__u64>(interval_ns, kBurstSeconds * ARPL_SECOND_NS);
}

}  // namespace

arpl_limits limits_for(const Config& config, bool hidden_tags, const arpl_limits& now) {
  arpl_limits wanted{};
  wanted.pair_ttl_ns = config.pair_ttl_ns;
  set_budget(wanted.to_child_interval_ns, wanted.to_child_burst_ns, config.to_child);
  set_budget(wanted.source_interval_ns, wanted.source_burst_ns,
             config.to_child == 0 ? 0 : std::max<std::uint64_t>(1, config.to_child / kSourceShare));
  set_budget(wanted.event_interval_ns, wanted.event_burst_ns, kEventsPerSecond);
  wanted.credit_window = kCreditWindow;
  wanted.neigh_full_ns = now.neigh_full_ns;
  wanted.flags =
      (config.mode == Mode::observe ? ARPL_LIMIT_OBSERVE : 0) | (hidden_tags ? ARPL_LIMIT_HIDDEN_TAGS : 0);
  return wanted;
}

}  // namespace arpline
