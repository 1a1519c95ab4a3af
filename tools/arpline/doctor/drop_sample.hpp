// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "arpline/doctor/facts.hpp"

namespace arpline::doctor {

/// Counts for `duration` what the broadcast queues of these parents drop, in the namespace of that inode, by a
/// BPF program on the kernel's kfree_skb tracepoint; blocks for so long. Throws SetupError where the kernel
/// does not allow that.
void sample_drops(Netlink& route, const std::vector<Parent*>& parents, std::uint64_t netns_inode,
                  std::chrono::milliseconds duration);

}  // namespace arpline::doctor
