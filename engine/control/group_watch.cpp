// SPDX-License-Identifier: Apache-2.0
#include "control/group_watch.hpp"

#include <spdlog/spdlog.h>

#include "control/limits.hpp"

namespace arpline {
namespace {

std::vector<Storm::Container> containers_of(const Population& population) {
  std::vector<Storm::Container> all;
  population.each([&all](const Interface& one) {
    all.push_back({.nsid = one.netns.own ? std::nullopt : std::optional{one.netns.nsid},
                   .ifindex = one.ifindex,
                   .place = visible(one.netns.name) + "/" + visible(one.name)});
  });
  return all;
}

}  // namespace

GroupWatch::GroupWatch(const ParentState& state, const Maps& maps, Netlink& route, const Population& population)
    : state_(state), storm_(maps, route, state.link.ifindex) {
  set_limits();
  storm_.set_containers([&population] { return containers_of(population); });
}

void GroupWatch::set_limits() {
  storm_.set(storm_limits_for(state_.config));
}

void GroupWatch::watch() {
  storm_.watch();
  if (storm_.takers() != takers_) {
    takers_ = storm_.takers();
    if (takers_.empty()) {
      spdlog::info("{}: no container takes all multicast any more", state_.name());
    } else {
      spdlog::warn("{}: {} takes all multicast: limits.multicast is in force all the same", state_.name(),
                   takers_);
    }
  }
  if (storm_.lifted() == lifted_) return;
  lifted_ = storm_.lifted();
  spdlog::warn("{}: limits.multicast is {}", state_.name(),
               lifted_.empty() ? "in force" : "lifted: " + lifted_);
}

void GroupWatch::warn(std::vector<std::string>& warnings) const {
  if (!storm_.lifted().empty()) warnings.push_back("limits.multicast is lifted: " + storm_.lifted());
  if (!storm_.takers().empty())
    warnings.push_back(storm_.takers() + " takes all multicast: limits.multicast is in force all the same");
}

}  // namespace arpline
