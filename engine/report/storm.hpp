// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "shared/abi.h"

namespace arpline {

/// [{"kind", "ethertype", "per_second", "passed", "limited"}], broadcast first; kind and ethertype as the
/// configuration writes them.
nlohmann::json storm_to_json(std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> limits);

}  // namespace arpline
