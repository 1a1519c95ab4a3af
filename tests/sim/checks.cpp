// SPDX-License-Identifier: Apache-2.0
#include "sim/checks.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "shared/abi.h"
#include "sim/latency.hpp"

namespace arpline::sim {
namespace {

// The most entries about others that the machines may keep: claimants, gateways and own MACs seen on the wire.
// One entry per address that was ever an endpoint's comes on top.
constexpr std::size_t kMostOfOthers = Defender::kMostClaimants + Defender::kMostGateways + Sightings::kMost;

}  // namespace

void Checks::on_settings(const Protocol::Settings& settings, Instant now) {
  settings_ = settings;
  const auto wait = latency(settings.announce, endpoints_);
  announcing_.set(settings, wait, now);
  conflicts_.set(settings, wait);
  paced_ = asking_ = {};
}

void Checks::on_put(Id id, const AnnouncedEndpoint& subject, Arrival arrival, Instant now) {
  auto& known = known_[id];
  const bool same = known.subject.mac == subject.mac && known.subject.address == subject.address &&
                    known.subject.vlan == subject.vlan;
  if (!same) known = {};
  known.subject = subject;
  announcing_.put(id, arrival == Arrival::changed && !same);
  conflicts_.put(id, subject, arrival, now);
}

void Checks::on_erase(Id id, Instant now) {
  known_.erase(id);
  announcing_.erase(id);
  conflicts_.erase(id, now);
  path_told_.erase(id);
}

void Checks::on_gateway(Id id, Ipv4 gateway) {
  known_.at(id).gateway = gateway;
}

void Checks::on_carrier_up(Instant now) {
  for (const auto& [id, known] : known_) {
    update_allowed(id, now);
    announcing_.grant(id, now);
  }
}

void Checks::on_claim(Id id, const Claim& claim, Instant now) {
  if (!known_.contains(id)) return;
  // The machines may hear of it only after the probes, which it has answered.
  if (announcing_.proved(id, claim.at == kNoTime ? now : claim.at)) conflicts_.prove(id);
  conflicts_.claim(id, claim, truth_.slot(id), announcing_.proven(id), now);
  update_allowed(id, now);
  if (claim.mac != known_.at(id).subject.mac) announcing_.looked(id);
}

bool Checks::may_be_announced(Id id, Instant now) const {
  const auto& known = known_.at(id);
  const auto& slot = truth_.slot(id);
  return known.subject.announceable && slot.word != 0 && arpl_slot_unanswered(&slot) == 0 &&
         !conflicts_.gave_up(id) && !conflicts_.moving(id, now) && !conflicts_.silent(id, now);
}

void Checks::update_allowed(Id id, Instant now) {
  auto& known = known_.at(id);
  const bool unanswered = arpl_slot_unanswered(&truth_.slot(id)) != 0;
  announcing_.allow(id, may_be_announced(id, now), known.unanswered, now);
  known.unanswered = unanswered;
}

void Checks::check_pace(Property property, Bucket& bucket, std::uint64_t frames, Instant now) {
  constexpr Time kBurst = 50 * kMs;
  const auto pps = settings_.announce.pps;
  const auto interval = pps == 0 ? Time{} : Time{kSecond / pps};
  bucket.arrival = std::max(bucket.arrival, now) + frames * interval;
  const auto most = std::max<Time>(kBurst, frames_of(settings_.announce) * interval);
  findings_.check(property, pps != 0 && bucket.arrival - now <= most, [&] {
    return fmt::format("{} frames more than {} a second allow",
                       (bucket.arrival - now) / std::max<Time>(1ns, interval), pps);
  });
}

void Checks::on_send(const Outgoing& frame, Instant now) {
  if (frame.purpose == Purpose::ask_as_host) {
    check_pace(Property::asking_pace, asking_, 1, now);
    findings_.check(Property::well_formed, frame.frame.sender_ip == 0 && frame.frame.op == ARPL_OP_REQUEST,
                    [] { return "the parent asks otherwise than as a probe"; });
    return;
  }
  if (frame.purpose == Purpose::ask_gateway) {
    check_pace(Property::asking_pace, asking_, 1, now);
  } else {
    check_pace(Property::pace, paced_, 1, now);
  }
  const auto at = known_.find(frame.id);
  if (at == known_.end()) {
    findings_.fail(Property::silent_withdrawn,
                   describe(arp_packet(frame.frame)) + " is sent for what is withdrawn");
    return;
  }
  update_allowed(frame.id, now);
  check_form(frame, at->second);
  check_silence(frame, at->second, now);
  if (frame.purpose == Purpose::announce) {
    if (announcing_.proved(frame.id, now)) conflicts_.prove(frame.id);
    announcing_.announces(frame, now);
    conflicts_.announced(frame.id);
  }
  if (frame.purpose == Purpose::probe) announcing_.probes(frame.id, now);
  if (frame.purpose == Purpose::defend) conflicts_.defends(frame.id, now);
}

void Checks::check_form(const Outgoing& frame, const Known& known) {
  const auto& w = frame.frame;
  const auto& s = known.subject;
  const bool asks = frame.purpose == Purpose::ask_gateway;
  const bool probes = frame.purpose == Purpose::probe;
  bool right = w.eth_src == s.mac && w.sender_mac == s.mac && w.vlan == s.vlan &&
               w.sender_ip == (probes ? 0 : s.address) && w.target_ip == (asks ? known.gateway : s.address);
  right = right && (asks || w.eth_dst == ARPL_MAC_BROADCAST);
  right = right && (frame.purpose == Purpose::announce || w.op == ARPL_OP_REQUEST);
  right = right && (frame.purpose == Purpose::announce || !frame.inside);
  right = right && w.target_mac == (w.op == ARPL_OP_REPLY ? s.mac : 0);
  findings_.check(Property::well_formed, right, [&] { return describe(arp_packet(w)); });
}

void Checks::check_silence(const Outgoing& frame, const Known& known, Instant now) {
  const auto& slot = truth_.slot(frame.id);
  const auto text = [&] { return describe(arp_packet(frame.frame)); };
  findings_.check(Property::silent_withdrawn,
                  known.subject.announceable && (slot.word & ARPL_MAC_MASK) == known.subject.mac &&
                      truth_.lives(known.subject.mac, known.subject.address, known.subject.vlan),
                  text);
  findings_.check(Property::silent_given_up, !conflicts_.gave_up(frame.id), text);
  findings_.check(Property::silent_moving, !conflicts_.moving(frame.id, now), text);
  // A probe has no sender IP, so it changes no peer's entry.
  if (frame.purpose == Purpose::defend || frame.purpose == Purpose::probe) return;
  findings_.check(Property::silent_contested, !conflicts_.silent(frame.id, now), text);
  findings_.check(Property::silent_unanswered, arpl_slot_unanswered(&slot) == 0, text);
}

void Checks::on_report(const Report& report, Instant now) {
  auto& [times, last] = told_[{report.id, report.kind}];
  ++times;
  last = now;
  conflicts_.report(report, now);
  check_path(report);
  if (report.kind == ReportKind::path_suspect || report.kind == ReportKind::path_lost)
    announcing_.permit(report.id);
  if (report.kind == ReportKind::conflict_over) announcing_.over(report.id, now);
}

void Checks::check_path(const Report& report) {
  const auto before = path_told_.contains(report.id) ? path_told_.at(report.id) : ReportKind::path_back;
  const auto text = [&] { return fmt::format("endpoint {}", report.id); };
  switch (report.kind) {
    case ReportKind::path_lost:
    case ReportKind::path_fine:
      findings_.check(Property::path_order, before == ReportKind::path_suspect, text);
      break;
    case ReportKind::path_back:
      findings_.check(Property::path_order, before == ReportKind::path_lost, text);
      break;
    case ReportKind::path_suspect:
      break;
    default:
      return;
  }
  path_told_[report.id] = report.kind;
}

void Checks::on_answered(Id id, const Packet& answer, Instant) {
  const auto at = known_.find(id);
  const bool right = at != known_.end() && answer.arp.sender_mac == at->second.subject.mac &&
                     answer.arp.sender_ip == at->second.subject.address &&
                     truth_.lives(answer.arp.sender_mac, answer.arp.sender_ip, answer.arp.vlan);
  findings_.check(Property::answers_served, right, [&] { return describe(answer); });
}

void Checks::on_tick(Instant now) {
  for (const auto& [id, known] : known_) {
    update_allowed(id, now);
    announcing_.tick(id, now);
    conflicts_.tick(id, truth_.slot(id), now);
  }
  findings_.check(Property::bounded, truth_.remembered() <= kMostOfOthers + conflicts_.addresses(),
                  [&] { return fmt::format("{} entries", truth_.remembered()); });
}

void Checks::on_refusing(bool refuses, Instant now) {
  announcing_.refuse(refuses);
  conflicts_.refuse(refuses);
  on_absence(now);
}

void Checks::on_absence(Instant now) {
  announcing_.absent(now);
  conflicts_.absent(now);
}

std::uint64_t Checks::told(Id id, ReportKind what) const {
  const auto at = told_.find({id, what});
  return at == told_.end() ? 0 : at->second.first;
}

std::uint64_t Checks::told(ReportKind what) const {
  std::uint64_t sum = 0;
  for (const auto& [key, value] : told_) sum += key.second == what ? value.first : 0;
  return sum;
}

Instant Checks::told_at(Id id, ReportKind what) const {
  const auto at = told_.find({id, what});
  return at == told_.end() ? kNoTime : at->second.second;
}

}  // namespace arpline::sim
