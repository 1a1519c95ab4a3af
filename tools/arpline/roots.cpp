// SPDX-License-Identifier: Apache-2.0
#include "arpline/roots.hpp"

#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/error.hpp"
#include "kernel/netns.hpp"

namespace arpline {
namespace {

// Pins keep the name that the parent had when it was attached. While the parent exists, its present name
// counts.
bool is_called(const PinName& pinned, const std::string& interface) {
  char now[IF_NAMESIZE];
  if (if_indextoname(static_cast<unsigned>(pinned.ifindex), now) != nullptr)
    return if_nametoindex(interface.c_str()) == static_cast<unsigned>(pinned.ifindex);
  auto written = interface;
  std::ranges::replace(written, '.', '_');
  return pinned.parent == written;
}

}  // namespace

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
  std::vector<PinName> parents;
  for (const auto& text : names) {
    PinName name;
    if (!parse_pin_name(text, name) || name.netns_inode != own) continue;
    if (interface.empty() || is_called(name, interface)) parents.push_back(name);
  }
  return parents;
}

}  // namespace arpline
