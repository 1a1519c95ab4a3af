// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "base/clock.hpp"
#include "control/endpoint_registry.hpp"
#include "shared/watched.h"

namespace arpline {

/// The owners of a frame's addresses. The one place where `arpline watch` takes a container's name from.
class FrameNames {
 public:
  /// `registry` outlives it.
  explicit FrameNames(const EndpointRegistry& registry) : registry_(registry) {}

  /// The name of the container that sends with this MAC and address; empty: none of ours.
  ForeignText of_sender(Mac mac, Ipv4 address, std::uint16_t vlan, Instant now);
  /// The name of the container that has this address; empty: none of ours.
  ForeignText of_endpoint(Ipv4 address, std::uint16_t vlan) const;

  /// The numbers, as in arpl_sender.netns, of the containers whose names match the shell pattern; 0 in the
  /// places that are left. `too_many`: there are more of them.
  struct Numbers {
    std::array<std::uint32_t, ARPL_WATCHED_NETNS> netns{};
    bool too_many = false;
  };
  Numbers matching(const std::string& pattern) const;

  static bool matches(const std::string& pattern, const ForeignText& name);

 private:
  const EndpointRegistry& registry_;
  Owners owners_;  // as of owners_at_, because finding one MAC walks through all interfaces
  Instant owners_at_ = kNoTime;
};

}  // namespace arpline
