// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/foreign_text.hpp"
#include "base/net.hpp"
#include "shared/abi.h"

namespace arpline {

/// Whose ARP it is, and how much of it has left through the parent.
struct Sender {
  Mac mac = 0;
  ForeignText netns;      ///< empty: the parent's own, or only the daemon knows
  ForeignText interface;  ///< empty: only the daemon knows
  arpl_sender sent{};
};

/// A list, the busiest first.
nlohmann::json senders_to_json(std::vector<Sender> senders);

/// The same for a person, from {"parents": [{"parent": …, "senders": […]}]}.
std::string senders_to_text(const nlohmann::json& status);

}  // namespace arpline
