// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "base/fd.hpp"
#include "shared/reply.h"

namespace arpline {

/// Sends one frame through an interface of the calling thread's namespace, past nothing: its own egress sees
/// it. Never throws: false when it could not be sent.
bool send_here(int ifindex, const arpl_write& frame) noexcept;

/// The same through interfaces of another namespace, which the calling thread enters for it (run_inside), so
/// that siblings hear what the container has to say. The frames carry no tag: a VLAN below the interface adds
/// its own. Nothing stays open; closing takes the kernel some 13 ms (packet_release() waits for RCU). Returns
/// those that could not be sent. Throws SetupError without CAP_SYS_ADMIN.
struct InsideFrame {
  int ifindex = 0;
  arpl_write frame{};
};
std::vector<InsideFrame> send_inside(const Fd& netns, std::span<const InsideFrame> frames);

}  // namespace arpline
