// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "endpoints/classify.hpp"
#include "endpoints/index.hpp"

namespace arpline::replay {

/// The endpoints in tables of this process, written by the one writer of such tables. Returns what the hash
/// `endpoints` holds then.
std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> publish(const std::vector<Desired>& endpoints,
                                                                 std::span<arpl_slot> slots,
                                                                 std::span<arpl_endpoint_stats> stats,
                                                                 const Index& index);

}  // namespace arpline::replay
