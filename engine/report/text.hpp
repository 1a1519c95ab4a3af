// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/answers.hpp"
#include "report/status.hpp"

/// The status for a person. Whoever prints it passes it through printable().
namespace arpline {

std::string to_text(const StatusAnswer& status);
/// Who sends how much, of the parents whose `senders` were asked for.
std::string senders_to_text(const std::vector<ParentStatus>& parents);
std::string to_text(const GoneAnswer& gone);
std::string to_text(const std::vector<LimitAnswer>& parents);

}  // namespace arpline
