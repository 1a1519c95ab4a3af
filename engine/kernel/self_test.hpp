// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/net.hpp"

namespace arpline {

/// Sends one frame through the parent's egress that only our egress program counts: ARP with an experimental
/// opcode (RFC 5494), from the parent's MAC to itself. No switch forwards it and no host answers it. Never
/// throws; false when it could not be sent.
bool send_self_test(int ifindex, Mac mac) noexcept;

}  // namespace arpline
