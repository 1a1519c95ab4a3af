// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"
#include "shared/abi.h"

namespace arpline {

/// The budgets and switches that a configuration asks for. `now` are those in force: what control has seen
/// meanwhile (neigh_full_ns) stays.
arpl_limits limits_for(const Config& config, bool hidden_tags, const arpl_limits& now);

}  // namespace arpline
