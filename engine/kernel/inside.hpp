// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "base/fd.hpp"
#include "shared/reply.h"

namespace arpline {

/// Sends one frame through an interface of the calling thread's namespace. The frame passes the interface's
/// egress filters. Never throws; false when the frame could not be sent.
bool send_here(int ifindex, const arpl_write& frame) noexcept;

/// Sends frames through interfaces of another namespace, so that siblings hear them from the container itself.
/// The calling thread enters the namespace for it (run_inside()). The frames carry no tag: a VLAN below the
/// interface adds its own. No socket stays open; closing one takes the kernel some 13 ms (packet_release()
/// waits for RCU). Returns the frames that could not be sent. Throws SetupError without CAP_SYS_ADMIN.
struct InsideFrame {
  int ifindex = 0;
  arpl_write frame{};
};
std::vector<InsideFrame> send_inside(const Fd& netns, std::span<const InsideFrame> frames);

}  // namespace arpline
