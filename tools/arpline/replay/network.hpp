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

/// Whose MAC an own one is.
enum class Whose { host, container };

/// What a capture is replayed against: a parent's endpoints, own MACs, limits and switches.
struct Network {
  std::vector<Desired> endpoints;  ///< no (vlan, address) twice
  std::map<Mac, Whose> own_macs;   ///< those of the endpoints among them
  arpl_limits limits{};
  bool ring = true;  ///< a worker takes what the program hands over
};

/// Where it is to be found; the rest is as without a configuration.
struct NetworkRequest {
  std::string config;                  ///< file; empty: none
  std::string parent;                  ///< which of its parents; empty: the only one
  std::string like;                    ///< interface that is served on this machine; empty: none
  std::vector<std::string> endpoints;  ///< "IP[/PREFIX]=MAC[@VLAN]"
  std::vector<std::string> own_macs;   ///< of the host itself
};

/// Throws SetupError, also when there is not one endpoint.
Network network_of(const NetworkRequest& request, const Roots& roots);

/// "IP[/PREFIX]=MAC[@VLAN]"; SetupError otherwise.
StaticEndpoint endpoint_from_text(const std::string& text);

}  // namespace arpline::replay
