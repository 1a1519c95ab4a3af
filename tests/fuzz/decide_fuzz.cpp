// SPDX-License-Identifier: Apache-2.0
// Fuzzes parser, decision and reply. An input names a row of the packet tables, changes its state, and XORs the
// remaining bytes onto its frame. The seeds are the rows themselves, which together reach every verdict.
#include <array>
#include <bitset>
#include <numeric>
#include <optional>

#include "fuzz/fuzz.hpp"
#include "packet/cpp_runner.hpp"
#include "packet/rows.hpp"

namespace {

using namespace arpline;
using fuzz::Input;
using packet::Budget;
using packet::Outcome;
using packet::Output;
using packet::State;

constexpr std::size_t kMostBytes = 2048;

std::bitset<ARPL_VERDICT_COUNTERS> reached;

void ask_for_all_verdicts() {
  // In observe the ring admits every frame, so this counter can't grow.
  reached.set(arpl_would_index(ARPL_to_child_excess));
  if (reached.all()) return;
  for (std::size_t i = 0; i < reached.size(); ++i)
    if (!reached[i]) fmt::print(stderr, "counter {} of verdicts.def has not been reached\n", i);
  std::_Exit(1);
}

const std::vector<packet::Row>& rows() {
  static const bool asked = [] {
    if (fuzz::is_complete_run()) std::atexit(ask_for_all_verdicts);
    return true;
  }();
  (void)asked;
  return packet::rows();
}

// Ages around the constants with which the decision compares them.
std::uint64_t age(std::uint8_t choice) {
  static constexpr std::array kAges{0UL,      1UL,       99UL,      100UL,     999UL,
                                    1000UL,   1001UL,    29'000UL,  31'000UL,  60'000UL,
                                    61'000UL, 300'000UL, 301'000UL, 600'000UL, 601'000UL};
  return choice >= kAges.size() ? packet::never : kAges[choice] * packet::milliseconds;
}

Budget budget(std::uint8_t choice) {
  return static_cast<Budget>(choice % 4);
}

using Change = void (*)(State&, std::uint8_t);
constexpr std::array<Change, 32> kChanges{
    [](State& s, std::uint8_t v) { s.lease = (v & 1U) == 0; },
    [](State& s, std::uint8_t v) { s.endpoint = (v & 1U) == 0; },
    [](State& s, std::uint8_t v) { s.vlan = static_cast<std::uint16_t>(v % 3 == 0 ? 0 : 99 + v % 3); },
    [](State& s, std::uint8_t v) { s.prefix_bits = v % 33; },
    [](State& s, std::uint8_t v) { s.flags = static_cast<std::uint64_t>(v) << 48U; },
    [](State& s, std::uint8_t v) { s.flags |= static_cast<std::uint64_t>(v) << 56U; },
    [](State& s, std::uint8_t v) { s.withdrawn = (v & 1U) != 0; },
    [](State& s, std::uint8_t v) { s.confirmed = (v & 1U) == 0; },
    [](State& s, std::uint8_t v) { s.unanswered = v; },
    [](State& s, std::uint8_t v) { s.unanswered_ago = age(v); },
    [](State& s, std::uint8_t v) { s.claimed_ago = age(v); },
    [](State& s, std::uint8_t v) { s.pair = static_cast<packet::Pair>(v % 7); },
    [](State& s, std::uint8_t v) { s.to_child = budget(v); },
    [](State& s, std::uint8_t v) { s.source = budget(v); },
    [](State& s, std::uint8_t v) { s.trusted = budget(v); },
    [](State& s, std::uint8_t v) { s.events = budget(v); },
    [](State& s, std::uint8_t v) { s.ring = budget(v); },
    [](State& s, std::uint8_t v) { s.ring_source = budget(v); },
    [](State& s, std::uint8_t v) { s.ring_endpoint = budget(v); },
    [](State& s, std::uint8_t v) { s.reflect = budget(v); },
    [](State& s, std::uint8_t v) { s.reflect_source = budget(v); },
    [](State& s, std::uint8_t v) { s.foreign = budget(v); },
    [](State& s, std::uint8_t v) { s.announced_ago = age(v); },
    [](State& s, std::uint8_t v) { s.asked_ago = age(v); },
    [](State& s, std::uint8_t v) { s.answered_here_ago = age(v); },
    [](State& s, std::uint8_t v) { s.slow = (v & 1U) != 0; },
    [](State& s, std::uint8_t v) { s.neigh_full_ago = age(v); },
    [](State& s, std::uint8_t v) { s.switches = v; },
    [](State& s, std::uint8_t v) { s.socket = (v & 1U) == 0; },
    [](State& s, std::uint8_t v) { s.in_flight = v; },
    [](State& s, std::uint8_t v) { s.endpoint_mac_is_own = (v & 1U) == 0; },
    [](State& s, std::uint8_t v) { s.awaits = s.host_awaits = v % 2 != 0 ? packet::peer_ip : 0; },
};

std::optional<arpl_arp> parsed(const packet::Bytes& frame) {
  // An allocation of exactly this size, so that the sanitizer detects an overread.
  const packet::Bytes exact(frame.begin(), frame.end());
  arpl_arp arp{};
  if (arpl_parse(exact.data(), exact.data() + exact.size(), &arp) != ARPL_PARSED) return std::nullopt;
  return arp;
}

bool is_an_endpoints(Mac mac) {
  return mac == packet::endpoint_mac || mac == packet::sibling_mac;
}

// The kernel's reply, as long as the request, and zeroes behind it.
void check_reflected(const arpl_arp& asked, const packet::Bytes& sent, const packet::Bytes& answer) {
  REQUIRE(answer.size() == sent.size());
  const auto reply = parsed(answer);
  REQUIRE(reply && reply->op == ARPL_OP_REPLY && is_an_endpoints(reply->sender_mac));
  REQUIRE(reply->eth_src == reply->sender_mac && reply->vlan == asked.vlan);
  REQUIRE(reply->eth_dst == asked.sender_mac && reply->target_mac == asked.sender_mac);
  REQUIRE(reply->sender_ip == asked.target_ip && reply->target_ip == asked.sender_ip);
  REQUIRE((reply->eth_dst & ARPL_MAC_MULTICAST_BIT) == 0 && reply->eth_dst != 0);
  const std::size_t written = asked.vlan != 0 ? 46 : 42;
  REQUIRE(std::all_of(answer.begin() + static_cast<std::ptrdiff_t>(std::min(written, answer.size())),
                      answer.end(), [](std::uint8_t byte) { return byte == 0; }));
}

// The destination is the endpoint's MAC; a check also has a sender IP of 0.
void check_handed_over(const arpl_arp& asked, const packet::Bytes& sent, const packet::Bytes& got) {
  REQUIRE(got.size() == sent.size());
  const auto now = parsed(got);
  REQUIRE(now && is_an_endpoints(now->eth_dst));
  REQUIRE(now->sender_ip == asked.sender_ip || now->sender_ip == 0);
  const auto differ = std::inner_product(sent.begin() + 6, sent.end(), got.begin() + 6, 0, std::plus<>{},
                                         [](auto a, auto b) { return a != b ? 1 : 0; });
  REQUIRE(differ <= (now->sender_ip == asked.sender_ip ? 0 : 4));
}

void check(const State& state, const packet::Bytes& sent, const Outcome& outcome) {
  REQUIRE(outcome.grown.size() <= 1);
  for (const auto& growth : outcome.grown) {
    REQUIRE(growth.counter < ARPL_VERDICT_COUNTERS);
    reached.set(growth.counter);
  }
  const auto claimed = outcome.claimed_slot;
  REQUIRE(claimed == ARPL_NO_SLOT || claimed == packet::endpoint_slot || claimed == packet::sibling_slot);
  const bool acts = outcome.output == Output::to_child || outcome.output == Output::ring ||
                    outcome.output == Output::reflected;
  REQUIRE(outcome.credit_taken == (outcome.output == Output::ring ? 1U : 0U));
  if (!acts || outcome.output == Output::ring) REQUIRE(outcome.frame == sent);
  if (!state.lease)
    REQUIRE(outcome.output == Output::unchanged &&
            (outcome.grown.empty() || outcome.grown[0].counter == ARPL_lease_expired));
  if (!acts) return;
  const auto asked = parsed(sent);
  REQUIRE(asked && asked->op == ARPL_OP_REQUEST && asked->sender_ip != asked->target_ip);
  REQUIRE(asked->target_ip == state.address || asked->target_ip == packet::sibling_ip);
  if (asked->target_ip == state.address) REQUIRE(state.endpoint && !state.withdrawn);
  if (outcome.output == Output::reflected) check_reflected(*asked, sent, outcome.frame);
  if (outcome.output == Output::to_child) check_handed_over(*asked, sent, outcome.frame);
  if (outcome.output != Output::ring) return;
  REQUIRE(outcome.ring_meta.has_value());
  REQUIRE(outcome.ring_meta->slot == packet::endpoint_slot || outcome.ring_meta->slot == packet::sibling_slot);
}

void check_sent(const packet::EgressOutcome& outcome) {
  const auto claimed = outcome.claimed_slot;
  REQUIRE(claimed == ARPL_NO_SLOT || claimed == packet::endpoint_slot || claimed == packet::sibling_slot);
  REQUIRE(!outcome.dropped || claimed != ARPL_NO_SLOT);
  REQUIRE(outcome.grown.seen <= 1 && outcome.grown.confirmed <= 1);
}

}  // namespace

std::vector<fuzz::Bytes> fuzz::seeds() {
  std::vector<Bytes> all;
  for (std::size_t i = 0; i < packet::rows().size(); ++i)
    all.push_back({static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8U), 0, 0});
  return all;
}

// Input: row (2 bytes), the action on the frame, the number of changes, the changes (2 bytes each), the frame.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static packet::CppRunner runner;
  Input input{data, size};
  const auto& row = rows()[input.u16() % rows().size()];
  const auto acts = input.u8();
  auto state = row.state;
  for (auto changes = input.u8() % 16; changes > 0; --changes) {
    const auto which = input.u8();
    kChanges[which % kChanges.size()](state, input.u8());
  }
  auto frame = packet::build(row.frame);
  const auto over = input.bytes(kMostBytes);
  frame.resize(std::max(frame.size(), over.size()));
  for (std::size_t i = 0; i < over.size(); ++i) frame[i] ^= over[i];

  runner.install(state);
  if ((acts & 1U) != 0) check_sent(runner.run_egress(frame));
  check(state, frame, runner.run(frame, row.queue));
  if ((acts & 2U) != 0) check_sent(runner.run_egress(packet::kernel_reply(row.frame, packet::endpoint_mac)));
  if ((acts & 4U) != 0) check(state, frame, runner.run(frame, row.queue));
  return 0;
}
