// SPDX-License-Identifier: Apache-2.0
#include "kernel/storm.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/if.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "kernel/groups.hpp"
#include "kernel/link.hpp"

namespace arpline {
namespace {

constexpr unsigned kReadAgain = 10;  // calls of watch(), which happen once a second
constexpr std::size_t kMostNamed = 8;

Storm::Limits::const_iterator find(const Storm::Limits& limits, const arpl_storm_key& key) {
  return std::ranges::find_if(limits, [&](const auto& limit) {
    return limit.first.ethertype == key.ethertype && limit.first.kind == key.kind;
  });
}

bool same_budget(const arpl_storm_limit& a, const arpl_storm_limit& b) {
  return a.budget.interval_ns == b.budget.interval_ns && a.budget.burst_ns == b.budget.burst_ns &&
         a.per_second == b.per_second;
}

}  // namespace

Storm::Storm(const Maps& maps, Netlink& route, int ifindex) : maps_(maps), route_(route), ifindex_(ifindex) {
  const auto left = maps.groups();
  groups_.insert(left.begin(), left.end());
}

bool Storm::limits_multicast() const {
  return std::ranges::any_of(limits_,
                             [](const auto& limit) { return limit.first.kind == ARPL_STORM_MULTICAST; });
}

void Storm::set(Limits limits) {
  limits_ = std::move(limits);
  update();
  write();
}

void Storm::watch() {
  if (!limits_multicast()) return;
  const bool before = lifted_.empty();
  update();
  if (lifted_.empty() != before) write();
}

// Runs before limits are written: a limit must never be in force without the groups that are exempt from it.
void Storm::update() {
  lifted_.clear();
  if (!limits_multicast()) {
    takers_.clear();
    parent_requests_ = 0;
    host_takes_ = false;
    return;
  }
  const auto link = get_link(route_, std::nullopt, ifindex_);
  if (link && host_takes_all(link->all_multicast)) {
    lifted_ = "it takes all multicast, for the host";
    return;
  }
  const auto joined = joined_groups(ifindex_);
  if (!joined) {
    lifted_ = "/proc/thread-self/net/dev_mcast can't be read";
  } else if (joined->size() > ARPL_MAX_GROUPS) {
    lifted_ = fmt::format("it has joined more than {} groups", ARPL_MAX_GROUPS);
  } else if (!take_groups(*joined)) {
    lifted_ = "the kernel refuses an entry of BPF map groups";
  }
}

// A macvlan that receives all groups adds one request to its parent. Requests beyond those of the containers
// come from the host or from an interface that was not found. The containers' share can change while the
// parent's count stays the same, so the containers are read again from time to time.
bool Storm::host_takes_all(std::uint32_t requests) {
  if (requests == parent_requests_ && (requests == 0 || ++updates_ % kReadAgain != 0)) return host_takes_;
  parent_requests_ = requests;
  takers_.clear();
  std::uint32_t by_containers = 0;
  std::size_t named = 0;
  if (requests > 0) {
    for (const auto& one : containers_()) {
      const auto link = get_link(route_, one.nsid, one.ifindex);
      if (!link || link->all_multicast == 0 || (link->flags & IFF_UP) == 0 || !one.nsid) continue;
      ++by_containers;
      if (named++ < kMostNamed) takers_ += (takers_.empty() ? "" : ", ") + one.place;
    }
  }
  host_takes_ = requests > by_containers;
  return host_takes_;
}

bool Storm::take_groups(const std::set<Mac>& joined) {
  const int fd = maps_.fd("groups");
  const __u32 one = 1;
  std::erase_if(groups_,
                [&](Mac group) { return !joined.contains(group) && bpf_map_delete_elem(fd, &group) == 0; });
  for (const auto group : joined) {
    if (groups_.contains(group)) continue;
    if (bpf_map_update_elem(fd, &group, &one, BPF_ANY) != 0) return false;
    groups_.insert(group);
  }
  return true;
}

// Multicast limits that are lifted stay in the map with their counters; their budget becomes unlimited.
void Storm::write() const {
  const int fd = maps_.fd("storm");
  const auto there = maps_.storm_limits();
  for (const auto& old : there)
    if (find(limits_, old.first) == limits_.end()) bpf_map_delete_elem(fd, &old.first);
  for (const auto& limit : limits_) {
    auto value = limit.second;
    if (limit.first.kind == ARPL_STORM_MULTICAST && !lifted_.empty()) value.budget = {};
    if (const auto old = find(there, limit.first); old != there.end()) {
      if (same_budget(old->second, value)) continue;
      value.arrival = old->second.arrival;
      value.passed = old->second.passed;
      value.limited = old->second.limited;
    }
    if (bpf_map_update_elem(fd, &limit.first, &value, BPF_ANY) != 0) throw_errno("write BPF map storm", errno);
  }
}

}  // namespace arpline
