// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace arpline {

/// The id of a group of this machine; nullopt: there is no such group, or it can't be looked up.
std::optional<gid_t> find_group(const std::string& name);

}  // namespace arpline
