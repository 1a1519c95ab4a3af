// SPDX-License-Identifier: Apache-2.0
// Whole answers of the control socket against documents that were taken once: users' scripts read them.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "control/limit_request.hpp"
#include "instant.hpp"
#include "report/answers.hpp"
#include "report/samples.hpp"
#include "report/status.hpp"
#include "report/text.hpp"
#include "shared/packet.h"

namespace arpline {
namespace {

using nlohmann::json;

constexpr Instant kNow = at(1000s);
constexpr Mac kMac = 0xa10000000002;
constexpr Mac kSibling = 0x0d0000000002;
constexpr Mac kProxy = 0x0f0000000002;
constexpr Ipv4 kAddress = 0x0b00000a;

Instant ago(double seconds) {
  return kNow - std::chrono::duration_cast<Duration>(std::chrono::duration<double>{seconds});
}

std::string text_in(const std::string& name) {
  std::ifstream file{std::string{ARPLINE_TEST_DATA} + "/" + name};
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(file) << name;
  return text.str();
}

std::vector<std::uint64_t> multiples_of(std::uint64_t step, std::size_t count) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(i * step);
  return numbers;
}

std::pair<arpl_storm_key, arpl_storm_limit> storm_limit(std::uint16_t ethertype, arpl_storm_kind kind,
                                                        std::uint64_t per_second) {
  arpl_storm_limit limit{};
  limit.per_second = per_second;
  limit.passed = per_second + 1;
  limit.limited = per_second + 2;
  return {{.ethertype = arpl_swap16(ethertype), .kind = static_cast<__u16>(kind)}, limit};
}

// An endpoint with every field set, as the maps hold it.
EndpointStatus in_maps() {
  arpl_slot slot{};
  slot.word = kMac | ARPL_SLOT_FLUX;
  slot.confirmed_at = raw(ago(2.5));
  slot.claimed_at = raw(ago(1));
  slot.reflected = 9;
  slot.flags = ARPL_FLAG_SLOW;
  arpl_endpoint_stats stats{};
  stats.requests = 100;
  stats.to_child = 11;
  stats.ringed = 12;
  stats.capped = 13;
  stats.claims = 14;
  stats.last_claimant_mac = kSibling;
  stats.last_seen = raw(ago(0.25));
  stats.last_requester_mac = 0x0c0000000002;
  stats.last_requester = 0x0900000a;
  stats.misdirected = 15;
  stats.misdirected_mac = 0x0e0000000002;
  stats.misdirected_at = raw(ago(3));
  stats.misdirected_requester = 0x0800000a;
  const arpl_endpoint endpoint{.slot = 0, .prefix_bits = 24, .zero = {}, .dotted = {}};
  return endpoint_status({.address = kAddress, .vlan = 7, .zero = 0}, endpoint, slot, stats, kNow);
}

std::vector<ClaimantStatus> claimants() {
  const Claims::Claimant sibling{
      .mac = kSibling, .first_at = ago(9), .last_at = ago(1), .times = 3, .source = Claims::Source::dropped};
  const Claims::Claimant proxy{.mac = kProxy, .first_at = ago(8), .last_at = ago(2), .times = 4};
  std::vector<ClaimantStatus> all{claimant_status(sibling, ClaimOrigin::sibling, kNow),
                                  claimant_status(proxy, ClaimOrigin::proxy, kNow)};
  all[0].place = "db/mv0";
  return all;
}

std::vector<Step> trail() {
  const std::vector<InterfaceEvent> events{
      {.at = ago(5), .nsid = 1, .ifindex = 4, .what = InterfaceEventKind::link_down},
      {.at = ago(4), .nsid = 1, .ifindex = 4, .what = InterfaceEventKind::address_added, .address = kAddress}};
  return trail_status(events, kNow);
}

EndpointStatus full_endpoint() {
  auto e = in_maps();
  e.parent = "nic\x1b[0";
  e.netns = "web\xff";
  e.interface = "mv\n0";
  e.also_at = "db/mv0";
  e.heard_at_ns = 12345;
  e.claimants = claimants();
  e.trail = trail();
  e.announced_seconds_ago = 30;
  e.probing = true;
  e.conflict = {
      .gave_up = true, .moves_too_often = true, .silent = true, .defended_seconds_ago = 6, .defences = 2};
  e.path = PathStatus{.gateway = 0x0100000a,
                      .gateway_mac = 0x010000000002,
                      .state = "lost",
                      .since_seconds = 9,
                      .answered_seconds_ago = 12,
                      .rtt_ms = 0.25,
                      .host_reaches = true,
                      .disputed_by = 0x020000000002,
                      .disputed_seconds_ago = 7};
  e.seen_outside = SeenOutside{.times = 7, .first_seconds_ago = 4, .last_seconds_ago = 1};
  return e;
}

EndpointStatus bare_endpoint() {
  arpl_slot slot{};
  slot.word = 0xa20000000002;
  auto e = endpoint_status({.address = 0x0c00000a, .vlan = 0, .zero = 0}, {}, slot, {}, kNow);
  e.parent = "nic\x1b[0";
  e.path = PathStatus{.gateway = 0x0100000a, .since_seconds = 0};
  return e;
}

std::vector<SenderStatus> senders() {
  std::vector<SenderStatus> all{
      {.mac = 0x0a0000000002,
       .netns = "web\xff",
       .interface = "mv0",
       .counters = {.requests = 1, .replies = 2, .announcements = 3, .claims = 4}},
      {.mac = 0x0b0000000002,
       .parent = true,
       .counters = {.requests = 10, .replies = 20, .announcements = 30, .claims = 40}}};
  sort_busiest_first(all);
  return all;
}

ParentStatus full_parent() {
  ParentStatus p;
  p.parent = "nic\x1b[0";
  p.ifindex = 3;
  p.daemon = true;
  p.lease = "live";
  p.queues = 2;
  p.counters = {.announcements_lost = 4, .probes_lost = 3, .egress_attached_again = 5};
  p.driver = {.reflect_refused = 6};
  p.announce = AnnounceStatus{.on_conflict = "once", .refresh_seconds = 1.5, .pps = 100};
  p.sent = SentCounters{.announcements = 40, .defences = 30, .probes = 20, .asked = 10};
  p.egress = "seen";
  p.egress_counters = counters_of(arpl_egress_stats{.seen = 1,
                                                    .confirmed = 2,
                                                    .claims = 3,
                                                    .self_tests = 4,
                                                    .claims_dropped = 5,
                                                    .would_drop_claims = 6,
                                                    .strangers = 7});
  p.loop = LoopStatus{.longest_turn_ms = 12.345678, .longest_turn_lately_ms = 1.5};
  p.pins = "/sys/fs/bpf/arpline/nic0@3-4026531840";
  p.verdicts = wire_counts(multiples_of(3, ARPL_VERDICT_COUNTERS));
  p.other_verdicts = other_counts(multiples_of(5, ARPL_OTHER_COUNTERS));
  p.engine_verdicts = engine_counts(multiples_of(7, ARPL_ENGINE_VERDICTS));
  p.fast_path = "on";
  p.limits = {{"to_child", 100}, {"foreign", std::nullopt}};
  p.storm =
      storm_status({storm_limit(0x86dd, ARPL_STORM_MULTICAST, 2), storm_limit(0, ARPL_STORM_BROADCAST, 1)});
  Samples found;
  found.add(1'234'567ns);
  found.add(9'876'543ns);
  p.found = found.status();
  p.withdrawn = Samples{}.status();
  p.neighbours = NeighboursStatus{.entries = 900,
                                  .not_counted = 7,
                                  .limit = 1024,
                                  .full = true,
                                  .holders = {{.netns = "web\xff", .interface = "mv0", .entries = 850}},
                                  .room = 500,
                                  .asked = 600,
                                  .parents = 2};
  p.warnings = {"something is wrong"};
  p.endpoints = {full_endpoint(), bare_endpoint()};
  p.senders = senders();
  return p;
}

ParentStatus bare_parent() {
  ParentStatus p;
  p.parent = "nic1";
  p.mode = "observe";
  p.pins = "/pins";
  p.verdicts = wire_counts(multiples_of(0, ARPL_VERDICT_COUNTERS));
  p.other_verdicts = other_counts(multiples_of(0, ARPL_OTHER_COUNTERS));
  p.engine_verdicts = engine_counts(multiples_of(0, ARPL_ENGINE_VERDICTS));
  return p;
}

StatusAnswer status() {
  return {.parents = {full_parent(), bare_parent()},
          .waiting = {{.parent = "nic\t9", .reason = "no such interface", .next_try_seconds = 1.25}}};
}

GoneAnswer gone() {
  History history;
  history.on({.at = ago(12), .nsid = 1, .ifindex = 4, .what = InterfaceEventKind::link_up});
  Desired endpoint;
  endpoint.key = {.address = kAddress, .vlan = 7, .zero = 0};
  endpoint.word = kMac;
  endpoint.prefix_bits = 24;
  endpoint.netns = "web\xff";
  endpoint.interface = "mv0";
  endpoint.settings = Settings{.nsid = 1, .ifindex = 4};
  history.gone("nic0", endpoint, ago(2));
  history.gone("nic1", endpoint, ago(2));
  history.on({.at = ago(1), .nsid = 1, .ifindex = 4, .what = InterfaceEventKind::deleted});
  return gone_status(history, "nic0", kNow);
}

LimitAnswer limits() {
  Limits configured;
  configured.set(*find_limit("ring"), 5000);
  auto now = configured;
  now.set(*find_limit("foreign"), std::nullopt);
  now.set(*find_limit("to_child"), 200);
  const NeighbourFit fit{.asked = 600, .room = 500};
  return {.parent = "nic0", .limits = limit_status(configured, now, fit), .note = explain(fit)};
}

// A missing field, and one of each other type, for every field of a document, wherever it stands.
template <class Status>
void every_field_is_needed(const json& whole) {
  const auto flat = whole.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    const json::json_pointer at{pointer};
    if (!whole[at.parent_pointer()].is_object()) continue;
    const bool by_name = pointer.find("verdicts/") != std::string::npos ||
                         pointer.find("/limits/to_child") != std::string::npos ||
                         pointer.find("/limits/foreign") != std::string::npos;
    auto part = whole;
    part[at.parent_pointer()].erase(at.back());
    try {
      from_json<Status>(part);
      EXPECT_TRUE(by_name) << pointer << " is not missed";
    } catch (const AnswerError& error) {
      EXPECT_NE(std::string{error.what()}.find(at.back() + " is missing"), std::string::npos) << error.what();
    }
    auto wrong = whole;
    wrong[at] = json::array({json::object()});
    try {
      from_json<Status>(wrong);
      ADD_FAILURE() << pointer << " may be anything";
    } catch (const AnswerError& error) {
      EXPECT_NE(std::string{error.what()}.find(at.back()), std::string::npos) << error.what();
    }
  }
}

TEST(StatusDocument, status_is_what_scripts_know) {
  EXPECT_EQ(to_json(status()), json::parse(text_in("status.json")));
}

TEST(StatusDocument, gone_is_what_scripts_know) {
  EXPECT_EQ(to_json(gone()), json::parse(text_in("gone.json")));
}

TEST(StatusDocument, limits_are_what_scripts_know) {
  EXPECT_EQ(to_json(limits()), json::parse(text_in("limits.json")));
}

TEST(StatusDocument, the_text_is_what_people_know) {
  const auto document = status();
  EXPECT_EQ(to_text(document) + "=====\n" + senders_to_text({document.parents[0]}), text_in("status.txt"));
}

TEST(StatusDocument, what_is_read_back_is_what_was_written) {
  for (const auto& document : {to_json(status())})
    EXPECT_EQ(to_json(from_json<StatusAnswer>(document)), document);
  EXPECT_EQ(to_json(from_json<GoneAnswer>(to_json(gone()))), to_json(gone()));
  EXPECT_EQ(to_json(from_json<LimitAnswer>(to_json(limits()))), to_json(limits()));
}

TEST(StatusDocument, a_name_comes_back_with_its_own_bytes) {
  const auto back = from_json<StatusAnswer>(to_json(status()));
  EXPECT_EQ(back.parents[0].parent, ForeignText{"nic\x1b[0"});
  EXPECT_EQ(back.parents[0].endpoints[0].netns, ForeignText{"web\xff"});
  EXPECT_EQ(back.parents[0].endpoints[0].interface, ForeignText{"mv\n0"});
}

TEST(StatusDocument, an_answer_without_a_field_or_with_another_type_is_an_error_that_names_it) {
  every_field_is_needed<StatusAnswer>(to_json(status()));
  every_field_is_needed<GoneAnswer>(to_json(gone()));
  every_field_is_needed<LimitAnswer>(to_json(limits()));
  EXPECT_THROW(from_json<StatusAnswer>(7), AnswerError);
  EXPECT_THROW(from_json<StatusAnswer>(nullptr), AnswerError);
}

}  // namespace
}  // namespace arpline
