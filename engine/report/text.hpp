// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/answers.hpp"
#include "report/status.hpp"

/// Status as text for people. A caller that prints it passes it through printable().
namespace arpline {

std::string to_text(const StatusAnswer& status);
/// A table of senders and their frames, for the parents that have `senders`.
std::string senders_to_text(const std::vector<ParentStatus>& parents);
std::string to_text(const GoneAnswer& gone);
std::string to_text(const std::vector<LimitAnswer>& parents);

}  // namespace arpline
