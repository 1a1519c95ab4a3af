// SPDX-License-Identifier: Apache-2.0
#include "kernel/self_test.hpp"

#include "kernel/inside.hpp"
#include "shared/abi.h"
#include "shared/reply.h"

namespace arpline {

bool send_self_test(int ifindex, Mac mac) noexcept {
  return send_here(ifindex, {.eth_dst = mac,
                             .eth_src = mac,
                             .sender_mac = mac,
                             .target_mac = mac,
                             .sender_ip = 0,
                             .target_ip = 0,
                             .op = ARPL_SELF_TEST_OP,
                             .vlan = 0});
}

}  // namespace arpline
