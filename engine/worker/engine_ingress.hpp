// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>

#include "shared/account.h"
#include "shared/probe.h"
#include "worker/engine_ingress_tables.hpp"
#include "worker/stage.hpp"

namespace arpline {

/// What a frame has become, for who wants to know more than its outcome.
struct FrameView {
  arpl_parsed parsed = ARPL_NOT_ARP;  ///< what is not ARP has no verdict and goes to the kernel
  arpl_arp arp{};
  arpl_decision decision{};
};

/// The wire stage where no XDP program stands in front: the whole table of decide.h, as bpf/ingress.bpf.c
/// carries it out. One thread.
class EngineIngress {
 public:
  static constexpr bool kBehindIngress = false;

  /// All of it outlives it.
  explicit EngineIngress(EngineIngressTables& tables)
      : EngineIngress(tables.decision, tables.counts, tables.events) {}
  EngineIngress(arpl_tables& tables, arpl_verdict_counts& counts, EventRing& events)
      : tables_(tables), counts_(counts), events_(events) {}

  void classify(Burst burst, std::uint64_t now, std::span<Outcome> outcomes) noexcept {
    for (; !burst.empty(); burst = burst.subspan(std::min(burst.size(), kTogether))) {
      const auto some = burst.first(std::min(burst.size(), kTogether));
      for (std::size_t i = 0; i < some.size(); ++i) {
        parse(some[i], views_[i]);
        fetch_bucket(views_[i]);
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
  void fetch_bucket(const FrameView& view) noexcept {
    const auto cell = arpl_index_cell(view.arp.target_ip, view.arp.vlan);
    __builtin_prefetch(arpl_index_at(&tables_, arpl_index_bucket_of(tables_.keys.factor, cell)));
  }

  std::uint32_t fetch_slot(const FrameView& view) noexcept {
    if (view.parsed != ARPL_PARSED) return ARPL_NO_SLOT;
    const auto slot = arpl_index_find(&tables_, view.arp.target_ip, view.arp.vlan);
    __builtin_prefetch(arpl_slot_at(&tables_, slot));
    return slot;
  }

  Outcome decide(Frame& frame, std::uint32_t asked, std::uint64_t now, FrameView& view) noexcept {
    if (view.parsed == ARPL_NOT_ARP) return Outcome::kernel;
    arpl_decide_asked(&tables_, view.parsed, &view.arp, asked, frame.queue, now, &view.decision);
    report(view, now);
    return act(frame, view, now);
  }

  void tell(const arpl_arp& arp, arpl_event_type type, std::uint64_t now) noexcept {
    if (arpl_event_token(&tables_, static_cast<__u16>(type), arp.eth_src, now) == 0) return;
    events_.push({.time_ns = now,
                  .mac = arp.sender_mac,
                  .address = arp.sender_ip,
                  .vlan = arp.vlan,
                  .type = static_cast<__u16>(type)});
  }

  void report(const FrameView& view, std::uint64_t now) noexcept {
    const auto& [verdict, claimed] = std::pair{view.decision.verdict, view.decision.claimed_slot};
    if (verdict == ARPL_reply) report_answer(view.arp, now);
    if (verdict == ARPL_other_destination) arpl_note_misdirected(&tables_, view.decision.slot, &view.arp, now);
    if (arpl_tells_own_mac(&view.decision, &view.arp) != 0) tell(view.arp, ARPL_EVENT_OWN_MAC, now);
    if (claimed == ARPL_NO_SLOT) return;
    if (auto* stats = arpl_stats_at(&tables_, claimed))
      arpl_note_claim(arpl_slot_at(&tables_, claimed), stats, view.arp.sender_mac, now);
    tell(view.arp, ARPL_EVENT_CLAIM_FROM_WIRE, now);
  }

  void report_answer(const arpl_arp& arp, std::uint64_t now) noexcept {
    arpl_event event{};
    event.time_ns = now;
    if (arpl_take_answer(&tables_, &arp, &event) != 0) events_.push(event);
  }

  // The only place that counts the verdict.
  Outcome act(Frame& frame, const FrameView& view, std::uint64_t now) noexcept {
    const auto& [verdict, slot] = std::pair{view.decision.verdict, view.decision.slot};
    const auto way = arpl_class_of(verdict);
    const auto* limits = arpl_limits_now(&tables_);
    if (limits != nullptr && (limits->flags & ARPL_LIMIT_OBSERVE) != 0 && way != ARPL_CLASS_PASS) {
      if (slot != ARPL_NO_SLOT) arpl_count_request(&tables_, slot, ARPL_CLASS_PASS, &view.arp, now);
      count_shared(&counts_, arpl_would_index(verdict));
      return Outcome::kernel;
    }
    count_shared(&counts_, verdict);
    if (way == ARPL_CLASS_REFLECT) {
      arpl_count_reflected(&tables_, slot, &view.arp, now);
      reflect(frame, view);
      return Outcome::answer;
    }
    if (slot != ARPL_NO_SLOT) arpl_count_request(&tables_, slot, way, &view.arp, now);
    if (way == ARPL_CLASS_RING) return answer(frame, view);
    if (way == ARPL_CLASS_TO_CHILD) to_child(frame, view);
    return way == ARPL_CLASS_DROP ? Outcome::drop : Outcome::kernel;
  }

  static void reflect(Frame& frame, const FrameView& view) noexcept {
    auto* bytes = reinterpret_cast<std::uint8_t*>(frame.data);
    const auto written = arpl_write_reply(bytes, &view.arp, view.decision.word);
    std::fill(bytes + written, bytes + std::max(written, frame.len), 0);
  }

  // There is no ring between the two stages: its credit is given back at once.
  Outcome answer(Frame& frame, const FrameView& view) noexcept {
    std::atomic_ref<__u64>(tables_.credit[frame.queue].consumed).fetch_add(1, std::memory_order_relaxed);
    frame.len = arpl_write_reply(reinterpret_cast<std::uint8_t*>(frame.data), &view.arp, view.decision.word);
    return Outcome::answer;
  }

  static void to_child(Frame& frame, const FrameView& view) noexcept {
    arpl_write_to_child(reinterpret_cast<std::uint8_t*>(frame.data), view.arp.arp_offset, view.decision.word,
                        static_cast<int>(view.decision.verdict == ARPL_to_child_check));
  }

  arpl_tables& tables_;
  arpl_verdict_counts& counts_;
  EventRing& events_;
  std::array<FrameView, kTogether> views_{};
  std::array<std::uint32_t, kTogether> asked_{};
};

static_assert(Stage<EngineIngress>);

}  // namespace arpline
