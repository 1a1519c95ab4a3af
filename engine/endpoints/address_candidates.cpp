// SPDX-License-Identifier: Apache-2.0
#include "endpoints/address_candidates.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace arpline {
namespace {

// Its kernel answers no ARP at present, so another interface with the address may have it meanwhile.
bool is_silent(const Desired& desired) {
  return (desired.word & (ARPL_SLOT_DOWN | ARPL_SLOT_NOARP)) != 0;
}

std::string place_of(const Desired& desired) {
  return fmt::format("{}/{} ({})", visible(desired.netns), visible(desired.interface),
                     format_mac(desired.word));
}

}  // namespace

void AddressCandidates::arrive(const arpl_endpoint_key& key, InterfaceId who, Instant heard_at) {
  auto& candidates = candidates_[key];
  if (std::ranges::find(candidates, who, &Candidate::who) == candidates.end())
    candidates.push_back({.who = who, .heard_at = heard_at, .at_start = heard_at == kNoTime});
}

void AddressCandidates::leave(const arpl_endpoint_key& key, InterfaceId who) {
  const auto at = candidates_.find(key);
  if (at == candidates_.end()) return;
  std::erase_if(at->second, [who](const Candidate& one) { return one.who == who; });
  if (at->second.empty()) candidates_.erase(at);
}

void AddressCandidates::heard(const arpl_endpoint_key& key, InterfaceId who, Instant heard_at) {
  const auto at = candidates_.find(key);
  if (at == candidates_.end()) return;
  if (const auto one = std::ranges::find(at->second, who, &Candidate::who); one != at->second.end())
    one->heard_at = heard_at;
}

void AddressCandidates::mark_first(const arpl_endpoint_key& key, InterfaceId who) {
  const auto at = candidates_.find(key);
  if (at == candidates_.end()) return;
  const auto one = std::ranges::find(at->second, who, &Candidate::who);
  if (one == at->second.end()) return;
  one->first = true;
  std::rotate(at->second.begin(), one, one + 1);
}

std::vector<InterfaceId> AddressCandidates::of(const arpl_endpoint_key& key) const {
  std::vector<InterfaceId> all;
  if (const auto at = candidates_.find(key); at != candidates_.end())
    for (const auto& one : at->second) all.push_back(one.who);
  return all;
}

std::vector<arpl_endpoint_key> AddressCandidates::keys() const {
  std::vector<arpl_endpoint_key> all;
  all.reserve(candidates_.size());
  for (const auto& [key, candidates] : candidates_) all.push_back(key);
  return all;
}

// An interface that is down loses the address to the next candidate, and has it again when it is up.
std::optional<Desired> AddressCandidates::resolve(const arpl_endpoint_key& key, const Describe& describe) {
  struct Considered {
    Candidate candidate;
    Desired desired;
  };
  const auto at = candidates_.find(key);
  if (at == candidates_.end()) return std::nullopt;
  std::vector<Considered> chosen;
  for (std::size_t i = 0; i < at->second.size() && i < kMostLookedAt; ++i)
    if (auto desired = describe(at->second[i].who))
      chosen.push_back({.candidate = at->second[i], .desired = std::move(*desired)});
  if (chosen.empty()) return std::nullopt;
  const auto awake = [](const Considered& one) { return !is_silent(one.desired); };
  auto winner = std::ranges::find_if(chosen, awake);
  if (winner == chosen.end()) winner = chosen.begin();
  // Several candidates existed when arpline started, and it can't know which of them was first.
  const auto rival = [&](const Considered& one) {
    return one.candidate.at_start && one.candidate.who != winner->candidate.who && awake(one);
  };
  const bool unknown =
      winner->candidate.at_start && !winner->candidate.first && std::ranges::any_of(chosen, rival);
  if (!unknown && winner->candidate.at_start && awake(*winner) && chosen.size() > 1)
    mark_first(key, winner->candidate.who);
  auto desired = std::move(winner->desired);
  desired.heard_at = winner->candidate.heard_at;
  if (unknown) {
    desired.word |= ARPL_SLOT_DUPLICATE;
    desired.announceable = false;
  }
  std::size_t named = 0;
  for (const auto& other : chosen) {
    if (other.candidate.who == winner->candidate.who || named++ >= kMostNamed) continue;
    desired.also_at += (desired.also_at.empty() ? "" : ", ") + place_of(other.desired);
  }
  if (named > kMostNamed) desired.also_at += fmt::format(" and {} more", named - kMostNamed);
  return desired;
}

}  // namespace arpline
