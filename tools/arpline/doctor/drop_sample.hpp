// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "arpline/doctor/facts.hpp"

namespace arpline::doctor {

/// Counts the frames that these parents' broadcast queues drop during `duration`, by a BPF program on the
/// kernel's kfree_skb tracepoint; blocks for that time. `netns_inode`: of the parents' namespace. Throws
/// SetupError when the kernel refuses the program.
void sample_drops(Netlink& route, const std::vector<Parent*>& parents, std::uint64_t netns_inode,
                  std::chrono::milliseconds duration);

}  // namespace arpline::doctor
