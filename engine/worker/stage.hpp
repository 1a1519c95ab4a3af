// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/clock.hpp"
#include "base/shared_word.hpp"
#include "port/port.hpp"
#include "shared/packet.h"
#include "shared/reply.h"
#include "worker/service.hpp"

namespace arpline {

/// The worker's next step with a frame.
enum class Outcome : std::uint8_t {
  answer,  ///< the frame has been turned into its answer: send it
  drop,
  kernel,  ///< hand it to the kernel in its present form
};

/// A stage gives each frame of a burst an outcome, at the same index. It never throws, allocates, locks or
/// logs.
// clang-format off
template <class S>
concept Stage = requires(S s, Burst b, Instant now, std::span<Outcome> outcomes) {
  { s.classify(b, now, outcomes) } noexcept -> std::same_as<void>;
  { S::kBehindIngress } -> std::convertible_to<bool>;  // frames come through a ring with credit
};
// clang-format on

/// Adds to a counter in a row that other threads read. The calling thread must be the row's only writer.
template <class Counts, class Verdict>
void count_shared(Counts* counts, Verdict verdict, std::uint64_t n = 1) noexcept {
  auto& counter = reinterpret_cast<__u64*>(counts)[verdict];
  relaxed_store(counter, counter + n);
}

/// The engine stage for parents with the ingress program, which has decided already: only the slot's word and
/// generation are compared again, as they may have changed since. The program's struct arpl_ring_meta stands in
/// front of the frame.
class BehindIngress {
 public:
  static constexpr bool kBehindIngress = true;

  explicit BehindIngress(WorkerTables tables) : tables_(tables) {}

  void classify(Burst burst, Instant now, std::span<Outcome> outcomes) noexcept {
    for (std::size_t i = 0; i < burst.size(); ++i) {
      const auto verdict = classify(burst[i], now);
      outcomes[i] = verdict == ARPL_ENGINE_answered ? Outcome::answer : Outcome::drop;
      if (verdict != ARPL_ENGINE_answered)
        count_shared(tables_.counts, verdict);  // answers are counted when they are sent
    }
  }

 private:
  arpl_engine_verdict classify(Frame& frame, Instant now) noexcept {
    arpl_ring_meta meta;
    std::memcpy(&meta, frame.data - sizeof meta, sizeof meta);
    if (raw(now) > meta.time_ns + ARPL_MAX_RING_AGE_NS) return ARPL_ENGINE_stale;
    if (meta.slot >= tables_.slots.size()) return ARPL_ENGINE_withdrawn;
    const auto& slot = tables_.slots[meta.slot];
    const auto word = load_shared(slot.word);
    const auto generation = load_shared(slot.generation);
    if (word == 0 || (word & ARPL_SLOT_FLAGS_MASK) != 0 || generation != meta.generation) {
      return ARPL_ENGINE_withdrawn;
    }
    arpl_arp arp{};
    auto* bytes = reinterpret_cast<std::uint8_t*>(frame.data);
    if (arpl_parse(bytes, bytes + frame.len, &arp) != ARPL_PARSED) return ARPL_ENGINE_withdrawn;
    frame.len = arpl_write_reply(bytes, &arp, word);
    return ARPL_ENGINE_answered;
  }

  WorkerTables tables_;
};

static_assert(Stage<BehindIngress>);

}  // namespace arpline
