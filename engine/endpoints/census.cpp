// SPDX-License-Identifier: Apache-2.0
#include "endpoints/census.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace arpline {

// The one that was there first is named as the endpoint, the others as where it is as well.
std::optional<Desired> Census::resolve(std::span<const Asking> asking) {
  if (asking.empty()) return std::nullopt;
  auto desired = asking.front().desired;
  if (asking.size() == 1) return desired;
  desired.word |= ARPL_SLOT_DUPLICATE;
  desired.announceable = false;
  for (const auto& other : asking.subspan(1)) {
    desired.also_at += fmt::format("{}{}/{} ({})", desired.also_at.empty() ? "" : ", ", other.desired.netns,
                                   other.desired.interface, format_mac(other.desired.word));
    desired.heard_at = std::max(desired.heard_at, other.desired.heard_at);
  }
  return desired;
}

std::vector<Wish> Census::replace(Source source, std::vector<Desired> now) {
  auto& keys = keys_[source];
  std::set<arpl_endpoint_key, KeyLess> touched(keys.begin(), keys.end());
  for (const auto& key : keys) {
    std::erase_if(asking_.at(key), [source](const Asking& one) { return one.source == source; });
  }
  keys.clear();
  for (auto& desired : now) {
    const auto key = desired.key;
    keys.push_back(key);
    touched.insert(key);
    asking_[key].push_back({.source = source, .desired = std::move(desired)});
  }
  if (keys.empty()) keys_.erase(source);
  std::vector<Wish> wishes;
  for (const auto& key : touched) {
    const auto at = asking_.find(key);
    wishes.emplace_back(key, resolve(at->second));
    if (at->second.empty()) asking_.erase(at);
  }
  return wishes;
}

std::vector<Desired> Census::all() const {
  std::vector<Desired> desired;
  for (const auto& [key, asking] : asking_) desired.push_back(*resolve(asking));
  return desired;
}

}  // namespace arpline
