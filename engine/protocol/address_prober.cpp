// SPDX-License-Identifier: Apache-2.0
#include "protocol/address_prober.hpp"

#include <algorithm>

namespace arpline {

using namespace rfc5227;

Duration::rep AddressProber::divisor() const noexcept {
  return mode_ == ProbeMode::fast ? kFastDivisor : 1;
}

void AddressProber::plan(Id id, Probing next) {
  stop(id);
  probing_.emplace(id, next);
  queue_.put(next.owner, next.at, id);
}

bool AddressProber::start(Id id, Instant now, Rng& rng, NetnsKey owner) {
  if (mode_ == ProbeMode::off) return false;
  plan(id, {.owner = owner, .at = now + uniform(rng, 0s, kProbeWait / divisor())});
  return true;
}

void AddressProber::stop(Id id) {
  const auto it = probing_.find(id);
  if (it == probing_.end()) return;
  queue_.erase(it->second.owner, it->second.at, id);
  probing_.erase(it);
}

Instant AddressProber::tick(Instant now, Rng& rng, RateLimiter& limiter, const std::function<bool(Id)>& send,
                            std::vector<Id>& free) {
  while (const auto due = queue_.due(now)) {
    const auto id = *due;
    auto next = probing_.at(id);
    if (next.sent == kProbeNum) {
      stop(id);
      free.push_back(id);
      continue;
    }
    if (!limiter.take(now)) return limiter.when(now);
    if (!send(id)) return now + kRetry;
    queue_.served(next.owner);
    ++next.sent;
    next.at = now + (next.sent == kProbeNum ? kAnnounceWait : uniform(rng, kProbeMin, kProbeMax)) / divisor();
    plan(id, next);
  }
  return queue_.first();
}

}  // namespace arpline
