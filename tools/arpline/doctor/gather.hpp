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

/// Asks the kernel, the daemon and the pinned maps; changes nothing. Watches the broadcast queues for a second
/// where a parent has dropped frames before. Throws SetupError when it cannot look at all.
Facts gather_facts(const Request& request, const Roots& roots);

/// The part of it that is about network namespaces: all that can be reached. What cannot is added to `unseen`.
std::vector<NetnsFacts> read_namespaces(Netlink& route, std::vector<std::string>& unseen);

/// What NetworkManager and systemd-networkd do to all of them, by files that a container may have made.
void read_managers(Facts& facts);

/// The part that is about one parent; `name`: its pins and its lock; `reply`: its daemon's.
Parent read_parent(Netlink& route, const LinkInfo& link, const PinName& name, const Roots& roots,
                   const std::optional<nlohmann::json>& reply, std::vector<std::string>& unseen);

/// What the daemons of these parents say, in their order; all are asked at once.
std::vector<std::optional<nlohmann::json>> ask_for_status(const std::vector<PinName>& names,
                                                          const Roots& roots);

}  // namespace arpline::doctor
