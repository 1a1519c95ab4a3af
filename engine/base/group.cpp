// SPDX-License-Identifier: Apache-2.0
#include "base/group.hpp"

#include <grp.h>

#include <cerrno>
#include <vector>

namespace arpline {

std::optional<gid_t> find_group(const std::string& name) {
  constexpr std::size_t kMostBytes = 1 << 20;
  group entry{};
  group* found = nullptr;
  // A group with many members needs more room than the first try gives.
  for (std::vector<char> room(4096); room.size() <= kMostBytes; room.resize(room.size() * 4)) {
    if (getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != ERANGE) break;
  }
  if (found == nullptr) return std::nullopt;
  return entry.gr_gid;
}

}  // namespace arpline
