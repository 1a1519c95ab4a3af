// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/endpoint_registry.hpp"
#include "kernel/maps.hpp"
#include "report/status.hpp"

namespace arpline {

/// The status of the interface `parent` at `now`, as far as its maps hold it; the rest only a living daemon
/// knows. Throws SetupError.
ParentStatus gather(const Maps& maps, const ForeignText& parent, int ifindex, const std::string& folder,
                    Instant now);

/// The verdicts of all workers together; the index is an enum arpl_engine_verdict.
std::vector<std::uint64_t> sum_engine(const Maps& maps);

/// The frames that each own MAC has sent, the busiest first; costs two system calls for each MAC. `owners`: the
/// MACs' interfaces, as far as known; `parent`: the parent's name.
std::vector<SenderStatus> gather_senders(const Maps& maps, const Owners& owners, const ForeignText& parent);

}  // namespace arpline
