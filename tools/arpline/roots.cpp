// SPDX-License-Identifier: Apache-2.0
#include "arpline/roots.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/error.hpp"
#include "kernel/netns.hpp"

namespace arpline {

std::vector<PinName> find_parents(const Roots& roots, const std::string& interface, Looker looker) {
  std::set<std::string> names;
  for (const auto& root : {roots.run, roots.pins}) {
    const bool enough = looker == Looker::anybody && !names.empty();
    if (access(root.c_str(), R_OK | X_OK) != 0 && errno != ENOENT && !enough)
      throw_errno("look into " + root, errno, "run as root");
    const auto found = names_in(root);
    names.insert(found.begin(), found.end());
  }
  const auto own = own_netns_inode();
  auto wanted = interface;
  std::ranges::replace(wanted, '.', '_');
  std::vector<PinName> parents;
  for (const auto& text : names) {
    PinName name;
    if (!parse_pin_name(text, name) || name.netns_inode != own) continue;
    if (interface.empty() || name.parent == wanted) parents.push_back(name);
  }
  return parents;
}

}  // namespace arpline
