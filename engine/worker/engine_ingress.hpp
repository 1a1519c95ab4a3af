// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>

#include "endpoints/tables.hpp"
#include "worker/stage.hpp"

namespace arpline {

/// What a frame has become, for who wants to know more than its outcome.
struct FrameView {
  arpl_parsed parsed = ARPL_NOT_ARP;  ///< what is not ARP has no verdict and goes to the kernel
  arpl_arp arp{};
  arpl_decision decision{};
};

/// The wire stage where no XDP program stands in front: what bpf/ingress.bpf.c is to a parent with one. One
/// thread.
class EngineIngress {
 public:
  static constexpr bool kBehindIngress = false;

  /// The tables outlive it.
  explicit EngineIngress(arpl_tables& tables) : tables_(tables) {}

  void classify(Burst burst, std::uint64_t now, std::span<Outcome> outcomes) noexcept {
    for (; !burst.empty(); burst = burst.subspan(std::min(burst.size(), kTogether))) {
      const auto some = burst.first(std::min(burst.size(), kTogether));
      for (std::size_t i = 0; i < some.size(); ++i) {
        parse(some[i], views_[i]);
        fetch_set(views_[i]);
      }
      for (std::size_t i = 0; i < some.size(); ++i) asked_[i] = fetch_slot(views_[i]);
      for (std::size_t i = 0; i < some.size(); ++i) outcomes[i] = decide(some[i], asked_[i], now, views_[i]);
      outcomes = outcomes.subspan(some.size());
    }
  }

  /// One frame; what was seen of it is left in `view`.
  Outcome classify(Frame& frame, std::uint64_t now, FrameView& view) noexcept {
    parse(frame, view);
    return decide(frame, ARPL_LOOK_UP, now, view);
  }

 private:
  static constexpr std::size_t kTogether = 64;

  static void parse(const Frame& frame, FrameView& view) noexcept {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(frame.data);
    view.parsed = arpl_parse(bytes, bytes + frame.len, &view.arp);
    view.arp.frame_bytes = frame.len;
    view.arp.linear = 1;
  }

  // With many endpoints nothing of theirs is in the CPU's cache: it waits once for what a burst asks for.
  void fetch_set(const FrameView& view) noexcept {
    const auto cell = arpl_index_cell(view.arp.target_ip, view.arp.vlan);
    __builtin_prefetch(arpl_index_at(&tables_, arpl_index_set_of(tables_.keys.factor, cell)));
  }

  std::uint32_t fetch_slot(const FrameView& view) noexcept {
    if (view.parsed != ARPL_PARSED) return ARPL_NO_SLOT;
    const auto slot = arpl_index_find(&tables_, view.arp.target_ip, view.arp.vlan);
    __builtin_prefetch(arpl_slot_at(&tables_, slot));
    return slot;
  }

  Outcome decide(Frame& frame, std::uint32_t asked, std::uint64_t now, FrameView& view) noexcept {
    if (view.parsed == ARPL_NOT_ARP) return Outcome::kernel;
    const auto action = arpl_handle_received(&tables_, nullptr, view.parsed, &view.arp, asked, frame.queue, now,
                                             &view.decision);
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

  // There is no ring between the two stages: its credit is given back at once.
  void answer(Frame& frame, const FrameView& view) noexcept {
    std::atomic_ref<__u64>(tables_.credit[frame.queue].consumed).fetch_add(1, std::memory_order_relaxed);
    frame.len = arpl_write_reply(reinterpret_cast<std::uint8_t*>(frame.data), &view.arp, view.decision.word);
  }

  static void to_child(Frame& frame, const FrameView& view) noexcept {
    arpl_write_to_child(reinterpret_cast<std::uint8_t*>(frame.data), view.arp.arp_offset, view.decision.word,
                        static_cast<int>(view.decision.verdict == ARPL_to_child_check));
  }

  arpl_tables& tables_;
  std::array<FrameView, kTogether> views_{};
  std::array<std::uint32_t, kTogether> asked_{};
};

static_assert(Stage<EngineIngress>);

}  // namespace arpline
