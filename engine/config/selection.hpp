// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/net.hpp"
#include "base/selection.hpp"
#include "config/entry.hpp"

namespace arpline {

/// `static`: an array of tables with `ip`, `mac` and an optional `vlan`. Throws SetupError with file, line and
/// key, also for a (vlan, ip) that occurs twice and an address or MAC that no host can have.
std::vector<StaticEndpoint> static_endpoints_of(const ConfigEntry& array);

/// `include` or `exclude`: an array of tables, each with at least one of `interface`, `namespace`, `address`
/// and `mac`. Throws SetupError with file, line and key.
std::vector<Pattern> patterns_of(const ConfigEntry& array);

/// `gateways`: an array of hosts' addresses. Throws SetupError with file, line and key.
std::vector<Ipv4> hosts_of(const ConfigEntry& array);

}  // namespace arpline
