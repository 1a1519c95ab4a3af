// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace arpline {

/// The id of a group of this machine; nullopt when there is none of this name or the lookup fails.
std::optional<gid_t> find_group(const std::string& name);

}  // namespace arpline
