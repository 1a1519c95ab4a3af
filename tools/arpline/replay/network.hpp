// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "arpline/roots.hpp"
#include "base/net.hpp"
#include "config/config.hpp"
#include "endpoints/classify.hpp"
#include "shared/abi.h"

namespace arpline::replay {

/// The owner of an own MAC.
enum class Whose { host, container };

/// The parent that a capture is replayed against: its endpoints, own MACs, limits and switches.
struct Network {
  std::vector<Desired> endpoints;  ///< no (vlan, address) twice
  std::map<Mac, Whose> own_macs;   ///< includes the endpoints' MACs
  arpl_limits limits{};
  bool ring = true;  ///< a worker takes the frames that the program redirects to the ring
};

/// The sources of a Network; a part without a source has its default.
struct NetworkRequest {
  std::string config;                  ///< path; empty: no file
  std::string parent;                  ///< the parent in that file; empty: its only one
  std::string like;                    ///< an interface that is served on this machine; empty: none
  std::vector<std::string> endpoints;  ///< "IP[/PREFIX]=MAC[@VLAN]"
  std::vector<std::string> own_macs;   ///< MACs of the host itself
};

/// Throws SetupError, also when the network has no endpoint.
Network network_of(const NetworkRequest& request, const Roots& roots);

/// Parses "IP[/PREFIX]=MAC[@VLAN]"; throws SetupError for any other text.
StaticEndpoint endpoint_from_text(const std::string& text);

}  // namespace arpline::replay
