// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>

#include "shared/account.h"
#include "shared/probe.h"
#include "worker/front_tables.hpp"
#include "worker/stage.hpp"

namespace arpline {

/// What a frame has become, for who wants to know more than its fate.
struct Sight {
  arpl_parsed parsed = ARPL_NOT_ARP;  ///< what is not ARP has no verdict and goes to the kernel
  arpl_arp arp{};
  arpl_decision decision{};
};

/// The wire stage where no XDP program stands in front: the whole table of decide.h, as bpf/ingress.bpf.c
/// carries it out. One thread.
class Front {
 public:
  static constexpr bool kBehindIngress = false;

  /// All of it outlives it.
  explicit Front(FrontTables& tables) : Front(tables.decision, tables.counts, tables.events) {}
  Front(arpl_tables& tables, arpl_verdict_counts& counts, EventRing& events)
      : tables_(tables), counts_(counts), events_(events) {}

  void judge(Burst burst, std::uint64_t now, std::span<Fate> fates) noexcept {
    for (; !burst.empty(); burst = burst.subspan(std::min(burst.size(), kTogether))) {
      const auto some = burst.first(std::min(burst.size(), kTogether));
      for (std::size_t i = 0; i < some.size(); ++i) {
        parse(some[i], sights_[i]);
        fetch_bucket(sights_[i]);
      }
      for (std::size_t i = 0; i < some.size(); ++i) asked_[i] = fetch_slot(sights_[i]);
      for (std::size_t i = 0; i < some.size(); ++i) fates[i] = decide(some[i], asked_[i], now, sights_[i]);
      fates = fates.subspan(some.size());
    }
  }

  /// One frame; what was seen of it is left in `sight`.
  Fate judge(Frame& frame, std::uint64_t now, Sight& sight) noexcept {
    parse(frame, sight);
    return decide(frame, ARPL_LOOK_UP, now, sight);
  }

 private:
  static constexpr std::size_t kTogether = 64;

  static void parse(const Frame& frame, Sight& sight) noexcept {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(frame.data);
    sight.parsed = arpl_parse(bytes, bytes + frame.len, &sight.arp);
    sight.arp.frame_bytes = frame.len;
    sight.arp.linear = 1;
  }

  // With many endpoints nothing of theirs is in the CPU's cache: it waits once for what a burst asks for.
  void fetch_bucket(const Sight& sight) noexcept {
    const auto cell = arpl_index_cell(sight.arp.target_ip, sight.arp.vlan);
    __builtin_prefetch(arpl_index_at(&tables_, arpl_index_bucket_of(tables_.keys.factor, cell)));
  }

  std::uint32_t fetch_slot(const Sight& sight) noexcept {
    if (sight.parsed != ARPL_PARSED) return ARPL_NO_SLOT;
    const auto slot = arpl_index_find(&tables_, sight.arp.target_ip, sight.arp.vlan);
    __builtin_prefetch(arpl_slot_at(&tables_, slot));
    return slot;
  }

  Fate decide(Frame& frame, std::uint32_t asked, std::uint64_t now, Sight& sight) noexcept {
    if (sight.parsed == ARPL_NOT_ARP) return Fate::kernel;
    arpl_decide_asked(&tables_, sight.parsed, &sight.arp, asked, frame.queue, now, &sight.decision);
    report(sight, now);
    return act(frame, sight, now);
  }

  void tell(const arpl_arp& arp, arpl_event_type type, std::uint64_t now) noexcept {
    if (arpl_event_token(&tables_, static_cast<__u16>(type), arp.eth_src, now) == 0) return;
    events_.push({.time_ns = now,
                  .mac = arp.sender_mac,
                  .address = arp.sender_ip,
                  .vlan = arp.vlan,
                  .type = static_cast<__u16>(type)});
  }

  void report(const Sight& sight, std::uint64_t now) noexcept {
    const auto& [verdict, claimed] = std::pair{sight.decision.verdict, sight.decision.claimed_slot};
    if (verdict == ARPL_reply) report_answer(sight.arp, now);
    if (verdict == ARPL_other_destination)
      arpl_note_misdirected(&tables_, sight.decision.slot, &sight.arp, now);
    if (arpl_tells_own_mac(&sight.decision, &sight.arp) != 0) tell(sight.arp, ARPL_EVENT_OWN_MAC, now);
    if (claimed == ARPL_NO_SLOT) return;
    if (auto* stats = arpl_stats_at(&tables_, claimed))
      arpl_note_claim(arpl_slot_at(&tables_, claimed), stats, sight.arp.sender_mac, now);
    tell(sight.arp, ARPL_EVENT_CLAIM_FROM_WIRE, now);
  }

  void report_answer(const arpl_arp& arp, std::uint64_t now) noexcept {
    arpl_event event{};
    event.time_ns = now;
    if (arpl_take_answer(&tables_, &arp, &event) != 0) events_.push(event);
  }

  // The only place that counts the verdict.
  Fate act(Frame& frame, const Sight& sight, std::uint64_t now) noexcept {
    const auto& [verdict, slot] = std::pair{sight.decision.verdict, sight.decision.slot};
    const auto way = arpl_class_of(verdict);
    const auto* limits = arpl_limits_now(&tables_);
    if (limits != nullptr && (limits->flags & ARPL_LIMIT_OBSERVE) != 0 && way != ARPL_CLASS_PASS) {
      if (slot != ARPL_NO_SLOT) arpl_count_request(&tables_, slot, ARPL_CLASS_PASS, &sight.arp, now);
      count_shared(&counts_, arpl_would_index(verdict));
      return Fate::kernel;
    }
    count_shared(&counts_, verdict);
    if (way == ARPL_CLASS_REFLECT) {
      arpl_count_reflected(&tables_, slot, &sight.arp, now);
      reflect(frame, sight);
      return Fate::answer;
    }
    if (slot != ARPL_NO_SLOT) arpl_count_request(&tables_, slot, way, &sight.arp, now);
    if (way == ARPL_CLASS_RING) return answer(frame, sight);
    if (way == ARPL_CLASS_TO_CHILD) to_child(frame, sight);
    return way == ARPL_CLASS_DROP ? Fate::drop : Fate::kernel;
  }

  static void reflect(Frame& frame, const Sight& sight) noexcept {
    auto* bytes = reinterpret_cast<std::uint8_t*>(frame.data);
    const auto written = arpl_write_reply(bytes, &sight.arp, sight.decision.word);
    std::fill(bytes + written, bytes + std::max(written, frame.len), 0);
  }

  // There is no ring between the two stages: its credit is given back at once.
  Fate answer(Frame& frame, const Sight& sight) noexcept {
    std::atomic_ref<__u64>(tables_.credit[frame.queue].consumed).fetch_add(1, std::memory_order_relaxed);
    frame.len = arpl_write_reply(reinterpret_cast<std::uint8_t*>(frame.data), &sight.arp, sight.decision.word);
    return Fate::answer;
  }

  static void to_child(Frame& frame, const Sight& sight) noexcept {
    arpl_write_to_child(reinterpret_cast<std::uint8_t*>(frame.data), sight.arp.arp_offset, sight.decision.word,
                        static_cast<int>(sight.decision.verdict == ARPL_to_child_check));
  }

  arpl_tables& tables_;
  arpl_verdict_counts& counts_;
  EventRing& events_;
  std::array<Sight, kTogether> sights_{};
  std::array<std::uint32_t, kTogether> asked_{};
};

static_assert(Stage<Front>);

}  // namespace arpline
