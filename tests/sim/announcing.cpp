// SPDX-License-Identifier: Apache-2.0
#include "sim/announcing.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace arpline::sim {
namespace {

// RFC 5227 section 1.1.
constexpr Time kProbeWait = 1 * kSecond;
constexpr std::uint32_t kProbeNum = 3;
constexpr Time kProbeMin = 1 * kSecond;
constexpr Time kProbeMax = 2 * kSecond;
constexpr Time kAnnounceWait = 2 * kSecond;

}  // namespace

void Announcing::set(const Protocol::Settings& settings, Time latency, Instant now) {
  const bool first = latency_ == 0s;
  const auto before = settings_.announce.repeat;
  const bool were_probed = settings_.probe != ProbeMode::off;
  settings_ = settings;
  latency_ = latency;
  if (first) return;
  for (auto& [id, plan] : plans_) {
    plan.lenient = true;
    plan.last_refreshed = false;
    // A set that began under the old settings may end under the new ones.
    plan.permitted += 2 * (before + settings.announce.repeat);
    plan.left = 0;
    plan.second = false;
    // The set has begun and waits for its turn.
    if (plan.proven_at != kNoTime || (plan.allowed && !were_probed)) plan.unproven = false;
    if (plan.allowed && plan.due_by != kNever) {
      due_next(plan, now);
      wait_for_probes(plan);
      // A probe sequence that has begun keeps its own times.
      if (plan.unproven && plan.due_by != kNever)
        plan.due_by += kProbeWait + (kProbeNum - 1) * kProbeMax + kAnnounceWait;
    }
  }
}

// A change of the interface or the settings alone is not announced inside the host, and the address stays
// proven.
void Announcing::put(Id id, bool changed) {
  auto& plan = plans_[id];
  plan = {.tells_inside = plan.tells_inside || changed,
          .unproven = plan.unproven || changed,
          .proven_at = changed ? kNoTime : plan.proven_at};
}

void Announcing::begin_set(Plan& plan, Instant now) {
  plan.left = settings_.announce.repeat;
  plan.fresh = true;
  plan.began = now;
  plan.second = settings_.announce.delay != 0s;
  plan.second_at = now + settings_.announce.delay;
}

void Announcing::grant(Id id, Instant now) {
  const auto at = plans_.find(id);
  if (at == plans_.end() || !at->second.allowed) return;
  auto& plan = at->second;
  if (plan.unproven && settings_.probe != ProbeMode::off) return;
  begin_set(plan, now);
  plan.unnoticed = false;
  if (now + latency_ >= plan.due_by) return;
  plan.due_by = now + latency_;
  plan.due_for = Property::set_begins;
}

void Announcing::permit(Id id) {
  const auto at = plans_.find(id);
  if (at == plans_.end()) return;
  at->second.permitted += settings_.announce.repeat * (settings_.announce.delay != 0s ? 3 : 1);
  at->second.second = false;  // it replaces the second set that was due
}

void Announcing::allow(Id id, bool allowed, bool sudden, Instant now) {
  const auto at = plans_.find(id);
  if (at == plans_.end() || at->second.allowed == allowed) return;
  auto& plan = at->second;
  plan.allowed = allowed;
  plan.noticed = false;
  plan.last_refreshed = false;
  if (!allowed) {
    plan.due_by = kNever;
    plan.held_at = now;
    return;
  }
  plan.probes = 0;
  begin_set(plan, now);
  plan.unnoticed = sudden && now - plan.held_at <= kNoticeDelay;
  // If so, the machines continue their probes.
  plan.lenient = plan.lenient || (plan.unnoticed && plan.unproven);
  plan.due_by = now + latency_;
  plan.due_for = Property::set_begins;
  if (sudden) {
    const auto refresh = settings_.announce.refresh;
    plan.due_by = refresh == 0s ? kNever : now + refresh + latency_;
    plan.due_for = Property::refreshed;
  }
  wait_for_probes(plan);
}

void Announcing::looked(Id id) {
  const auto at = plans_.find(id);
  if (at != plans_.end()) at->second.noticed = !at->second.allowed;
}

void Announcing::over(Id id, Instant now) {
  const auto at = plans_.find(id);
  if (at != plans_.end() && at->second.allowed && at->second.probes == 0) at->second.began = now;
}

bool Announcing::proven(Id id) const {
  const auto at = plans_.find(id);
  return at == plans_.end() || !at->second.unproven || settings_.probe == ProbeMode::off;
}

bool Announcing::proved(Id id, Instant now) {
  const auto at = plans_.find(id);
  if (at == plans_.end()) return false;
  note_proven(at->second, now);
  return at->second.proven_at != kNoTime && at->second.proven_at >= at->second.probed_at;
}

void Announcing::wait_for_probes(Plan& plan) const {
  if (!plan.unproven || settings_.probe == ProbeMode::off || plan.due_by == kNever) return;
  plan.due_by += (kProbeWait + (kProbeNum - 1) * kProbeMax + kAnnounceWait) / divisor() + kProbeNum * latency_;
}

void Announcing::probes(Id id, Instant now) {
  const auto at = plans_.find(id);
  if (at == plans_.end()) return;
  auto& plan = at->second;
  if (!plan.lenient) {
    const bool to_probe = plan.unproven && settings_.probe != ProbeMode::off && !plan.held(now);
    findings_.check(Property::probe_timing, to_probe, [&] {
      return fmt::format("endpoint {} is probed for and has nothing to be probed for", id);
    });
    const auto waited = now - (plan.probes == 0 ? plan.began : plan.probed_at);
    const auto least = plan.probes == 0 ? Time{} : kProbeMin / divisor();
    const auto most = (plan.probes == 0 ? kProbeWait : kProbeMax) / divisor() + latency_;
    findings_.check(Property::probe_timing,
                    plan.probes < kProbeNum && waited >= least && (waited <= most || refuses_), [&] {
                      return fmt::format("probe {} of endpoint {} comes after {} ms", plan.probes + 1, id,
                                         waited / kMs);
                    });
  }
  ++plan.probes;
  plan.probed_at = now;
}

// The clock may have jumped past the due time, so the set begins at the machines' next tick. An address that
// has been proven is not probed for again when it loses its carrier or is contested before its turn comes.
void Announcing::note_proven(Plan& plan, Instant now) const {
  const bool waited =
      plan.probes == kProbeNum && !plan.held(now) && now - plan.probed_at >= kAnnounceWait / divisor();
  if (waited && plan.proven_at < plan.probed_at) plan.proven_at = now;
}

// An announcement in both styles, which takes two frames, counts once.
void Announcing::announces(const Outgoing& frame, Instant now) {
  const auto at = plans_.find(frame.id);
  if (at == plans_.end()) return;
  auto& plan = at->second;
  const auto style = settings_.announce.style;
  const auto expected = style == Style::reply ? ARPL_OP_REPLY : ARPL_OP_REQUEST;
  if (style == Style::both && frame.frame.op == ARPL_OP_REPLY) {
    findings_.check(Property::well_formed, plan.last == now && !frame.inside,
                    [] { return "the second form of an announcement stands alone"; });
    return;
  }
  findings_.check(Property::well_formed, frame.frame.op == expected,
                  [] { return "an announcement is of another style than was asked for"; });
  findings_.check(Property::inside_once, frame.inside == plan.tells_inside, [&] {
    return fmt::format("endpoint {}: {}", frame.id,
                       frame.inside ? "nothing has changed" : "its siblings hear nothing of the change");
  });
  note_proven(plan, now);
  if (plan.unproven && settings_.probe != ProbeMode::off && !plan.lenient) {
    findings_.check(Property::probed_first, plan.proven_at != kNoTime,
                    [&] { return fmt::format("endpoint {} after {} probes", frame.id, plan.probes); });
  }
  if (plan.due_by != kNever) findings_.check(plan.due_for, true, [] { return ""; });
  // Otherwise the set began when the announcement became allowed.
  if (plan.unproven && settings_.probe != ProbeMode::off && (plan.probes > 0 || plan.proven_at == kNoTime))
    begin_set(plan, plan.proven_at >= plan.probed_at ? plan.proven_at : now);
  plan.tells_inside = plan.unproven = plan.lenient = false;
  count(plan, now);
  due_next(plan, now);
}

template <class Text>
void Announcing::check_gap(Property property, Plan& plan, bool holds, Text text) {
  if (!holds && plan.permitted > 0) {
    --plan.permitted;
    return;
  }
  findings_.check(property, holds, text);
}

void Announcing::count(Plan& plan, Instant now) {
  const auto& schedule = settings_.announce;
  const auto gap = now - plan.last;
  plan.last = now;
  // With refresh shorter than interval, a refresh may come within a set.
  if (schedule.refresh != 0s && schedule.interval > schedule.refresh) return;
  if (plan.left == 0 && plan.second && now >= plan.second_at) {
    plan.second = false;
    plan.left = schedule.repeat;
    plan.fresh = true;
    // This one may have been a refresh, and the set follows immediately.
    ++plan.permitted;
  }
  if (plan.left == 0) {
    const auto permitted = plan.permitted;  // check_gap() uses one up if this announcement is a permitted extra
    check_gap(Property::not_too_often, plan, schedule.refresh != 0s,
              [&] { return fmt::format("{} ms after the last one of the set", gap / kMs); });
    check_gap(Property::not_too_often, plan, !plan.last_refreshed || gap + latency_ >= schedule.refresh,
              [&] { return fmt::format("a refresh {} ms after the one before", gap / kMs); });
    plan.last_refreshed = permitted == plan.permitted;
    return;
  }
  const auto permitted = plan.permitted;
  check_gap(Property::set_spacing, plan, plan.fresh || gap >= schedule.interval,
            [&] { return fmt::format("the next of a set after {} ms", gap / kMs); });
  // If a permit covered the gap, this announcement or the previous one was not of the set.
  if (permitted == plan.permitted) --plan.left;
  plan.fresh = false;
  plan.last_refreshed = false;
}

void Announcing::due_next(Plan& plan, Instant now) const {
  const auto& schedule = settings_.announce;
  plan.due_by = schedule.refresh == 0s ? kNever : now + schedule.refresh + latency_;
  plan.due_for = Property::refreshed;
  if (plan.left == 0 || plan.lenient || plan.unnoticed || now + schedule.interval + latency_ >= plan.due_by)
    return;
  plan.due_by = now + schedule.interval + latency_;
  plan.due_for = Property::set_spacing;
}

void Announcing::tick(Id id, Instant now) {
  const auto at = plans_.find(id);
  if (at == plans_.end()) return;
  auto& plan = at->second;
  note_proven(plan, now);
  if (refuses_) return;
  if (now <= plan.due_by) return;
  findings_.fail(plan.due_for, fmt::format("endpoint {} is not announced, {} ms after the last time", id,
                                           (now - plan.last) / kMs));
  plan.due_by = kNever;
}

void Announcing::absent(Instant now) {
  for (auto& [id, plan] : plans_) {
    plan.lenient = plan.lenient || plan.unproven;
    // The next refresh is late; the one after it is due at its regular time.
    plan.last_refreshed = false;
    plan.permitted = std::max(plan.permitted, 1U);
    if (plan.due_by == kNever) continue;
    plan.due_by = now + settings_.announce.refresh + settings_.announce.interval + latency_;
    plan.due_for = Property::refreshed;
    wait_for_probes(plan);
  }
}

}  // namespace arpline::sim
