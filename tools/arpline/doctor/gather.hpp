// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arpline/doctor/facts.hpp"
#include "arpline/roots.hpp"

namespace arpline::doctor {

struct Request {
  std::string endpoint;  ///< an address, a MAC address, an interface or a namespace; empty: everything
  std::string parent;    ///< only this parent; empty: all
};

/// Queries the kernel, the daemon and the pinned maps; changes nothing. Samples the broadcast queues for a
/// second if a parent has dropped frames before. Throws SetupError when it can't examine the host at all.
Facts gather_facts(const Request& request, const Roots& roots);

/// Reads all network namespaces that can be reached; adds the others to `unseen`.
std::vector<NetnsFacts> read_namespaces(Netlink& route, std::vector<std::string>& unseen);

/// Reads the settings of NetworkManager and systemd-networkd for all interfaces, from files that a container
/// may control.
void read_managers(Facts& facts);

/// Reads one parent. `name`: of its pins and its lock; `reply`: its daemon's answer.
Parent read_parent(Netlink& route, const LinkInfo& link, const PinName& name, const Roots& roots,
                   const std::optional<nlohmann::json>& reply, std::vector<std::string>& unseen);

/// The status answers of these parents' daemons, in the order of `names`; all are asked at once.
std::vector<std::optional<nlohmann::json>> ask_for_status(const std::vector<PinName>& names,
                                                          const Roots& roots);

}  // namespace arpline::doctor
