// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/announce_policy.hpp"
#include "protocol/announced_endpoint.hpp"
#include "protocol/fair_queue.hpp"
#include "protocol/rate_limiter.hpp"
#include "protocol/timing.hpp"

namespace arpline {

/// RFC 5227 section 2.1: sends three probes for a new address before it is announced. The container's kernel
/// has the address already and answers for it, so a conflict only keeps arpline from announcing it. Pure: time
/// and chance are values.
class AddressProber {
 public:
  /// For ProbeMode::fast, for networks that answer within milliseconds: 0.35 s at most in all.
  static constexpr Duration::rep kFastDivisor = 20;

  void set_mode(ProbeMode mode) noexcept { mode_ = mode; }

  /// False when probing is off: the address may be announced at once.
  bool start(Id id, Instant now, Rng& rng, NetnsKey owner = 0);
  void stop(Id id);
  bool probes(Id id) const { return probing_.contains(id); }

  /// Sends the due probes with `send`, which returns false when there is no room, and adds the endpoints whose
  /// probes nobody has answered to `free`. Returns when to call it again.
  Instant tick(Instant now, Rng& rng, RateLimiter& limiter, const std::function<bool(Id)>& send,
               std::vector<Id>& free);

 private:
  static constexpr Duration kRetry = 1ms;

  struct Probing {
    NetnsKey owner = 0;
    std::uint32_t sent = 0;
    Instant at = kNoTime;  // the next probe, or the end of ANNOUNCE_WAIT
  };

  Duration::rep divisor() const noexcept;
  void plan(Id id, Probing next);

  ProbeMode mode_ = ProbeMode::off;
  std::unordered_map<Id, Probing> probing_;
  FairQueue queue_;
};

}  // namespace arpline
