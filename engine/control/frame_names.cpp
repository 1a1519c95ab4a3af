// SPDX-License-Identifier: Apache-2.0
#include "control/frame_names.hpp"

#include <fnmatch.h>

#include <set>

namespace arpline {
namespace {

constexpr Duration kOwnersLast = 1s;

}  // namespace

ForeignText FrameNames::of_sender(Mac mac, Ipv4 address, std::uint16_t vlan, Instant now) {
  const auto& entries = registry_.table().entries();
  const auto at = entries.find({.address = address, .vlan = vlan, .zero = 0});
  if (at != entries.end() && (at->second.desired.word & ARPL_MAC_MASK) == mac) return at->second.desired.netns;
  if (owners_at_ == kNoTime || now >= owners_at_ + kOwnersLast) {
    owners_ = registry_.owners();
    owners_at_ = now;
  }
  const auto owner = owners_.find(mac);
  return owner == owners_.end() ? ForeignText{} : owner->second.netns;
}

ForeignText FrameNames::of_endpoint(Ipv4 address, std::uint16_t vlan) const {
  const auto& entries = registry_.table().entries();
  const auto at = entries.find({.address = address, .vlan = vlan, .zero = 0});
  return at == entries.end() ? ForeignText{} : at->second.desired.netns;
}

bool FrameNames::matches(const std::string& pattern, const ForeignText& name) {
  return !name.empty() && fnmatch(pattern.c_str(), visible(name).c_str(), 0) == 0;
}

FrameNames::Numbers FrameNames::matching(const std::string& pattern) const {
  std::set<std::uint32_t> found;
  const auto& population = registry_.population();
  for (const int nsid : population.namespaces()) {
    const ForeignText* name = nullptr;  // the same for all of its interfaces
    population.each_of(nsid, [&](const Interface& child) { name = &child.netns.name; });
    if (name != nullptr && matches(pattern, *name)) found.insert(static_cast<std::uint32_t>(nsid) + 1);
  }
  Numbers numbers;
  std::size_t next = 0;
  for (const auto number : found)
    if (next < numbers.netns.size()) numbers.netns.at(next++) = number;
  numbers.too_many = found.size() > numbers.netns.size();
  return numbers;
}

}  // namespace arpline
