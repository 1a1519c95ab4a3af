// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>

#include "endpoints/tables.hpp"
#include "worker/stage.hpp"

namespace arpline {

/// The parsed frame and the decision, for callers that need more than the outcome.
struct FrameView {
  arpl_parsed parsed = ARPL_NOT_ARP;  ///< a frame that is not ARP has no verdict and goes to the kernel
  arpl_arp arp{};
  arpl_decision decision{};
};

/// The wire stage for parents without an XDP program: it does in the worker what bpf/ingress.bpf.c does for
/// other parents. For one thread.
class EngineIngress {
 public:
  static constexpr bool kBehindIngress = false;

  /// `tables` outlive it.
  explicit EngineIngress(arpl_tables& tables) : tables_(tables) {}

  void classify(Burst burst, Instant now, std::span<Outcome> outcomes) noexcept {
    for (; !burst.empty(); burst = burst.subspan(std::min(burst.size(), kPrefetchFrames))) {
      const auto some = burst.first(std::min(burst.size(), kPrefetchFrames));
      for (std::size_t i = 0; i < some.size(); ++i) {
        parse(some[i], views_[i]);
        prefetch_set(views_[i]);
      }
      for (std::size_t i = 0; i < some.size(); ++i) asked_slots_[i] = prefetch_slot(views_[i]);
      for (std::size_t i = 0; i < some.size(); ++i)
        outcomes[i] = decide(some[i], asked_slots_[i], now, views_[i]);
      outcomes = outcomes.subspan(some.size());
    }
  }

  /// Classifies one frame and leaves what it has parsed and decided in `view`.
  Outcome classify(Frame& frame, Instant now, FrameView& view) noexcept {
    parse(frame, view);
    return decide(frame, ARPL_LOOK_UP, now, view);
  }

 private:
  static constexpr std::size_t kPrefetchFrames = 64;

  static void parse(const Frame& frame, FrameView& view) noexcept {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(frame.data);
    view.parsed = arpl_parse(bytes, bytes + frame.len, &view.arp);
    view.arp.frame_bytes = frame.len;
    view.arp.linear = 1;
  }

  // With many endpoints none of their entries is in the CPU's cache. The prefetches make the CPU wait once for
  // a whole burst.
  void prefetch_set(const FrameView& view) noexcept {
    const auto cell = arpl_index_cell(view.arp.target_ip, view.arp.vlan);
    __builtin_prefetch(arpl_index_at(&tables_, arpl_index_set_of(tables_.keys.factor, cell)));
  }

  std::uint32_t prefetch_slot(const FrameView& view) noexcept {
    if (view.parsed != ARPL_PARSED) return ARPL_NO_SLOT;
    const auto slot = arpl_index_find(&tables_, view.arp.target_ip, view.arp.vlan);
    __builtin_prefetch(arpl_slot_at(&tables_, slot));
    return slot;
  }

  Outcome decide(Frame& frame, std::uint32_t asked, Instant now, FrameView& view) noexcept {
    if (view.parsed == ARPL_NOT_ARP) return Outcome::kernel;
    const auto action = arpl_handle_received(&tables_, nullptr, view.parsed, &view.arp, asked, frame.queue,
                                             raw(now), &view.decision);
    if (action == ARPL_CLASS_REFLECT) {
      reflect(frame, view);
      return Outcome::answer;
    }
    if (action == ARPL_CLASS_RING) {
      answer(frame, view);
      return Outcome::answer;
    }
    if (action == ARPL_CLASS_TO_CHILD) to_child(frame, view);
    return action == ARPL_CLASS_DROP ? Outcome::drop : Outcome::kernel;
  }

  static void reflect(Frame& frame, const FrameView& view) noexcept {
    auto* bytes = reinterpret_cast<std::uint8_t*>(frame.data);
    const auto written = arpl_write_reply(bytes, &view.arp, view.decision.word);
    std::fill(bytes + written, bytes + std::max(written, frame.len), 0);
  }

  // This stage answers directly, without a ring, so it gives the ring's credit back at once.
  void answer(Frame& frame, const FrameView& view) noexcept {
    std::atomic_ref<__u64>(tables_.credit[frame.queue].consumed).fetch_add(1, std::memory_order_relaxed);
    frame.len = arpl_write_reply(reinterpret_cast<std::uint8_t*>(frame.data), &view.arp, view.decision.word);
  }

  static void to_child(Frame& frame, const FrameView& view) noexcept {
    arpl_write_to_child(reinterpret_cast<std::uint8_t*>(frame.data), view.arp.arp_offset, view.decision.word,
                        static_cast<int>(view.decision.verdict == ARPL_to_child_check));
  }

  arpl_tables& tables_;
  std::array<FrameView, kPrefetchFrames> views_{};
  std::array<std::uint32_t, kPrefetchFrames> asked_slots_{};
};

static_assert(Stage<EngineIngress>);

}  // namespace arpline
