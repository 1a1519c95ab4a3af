// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline {

using Row = std::vector<std::string>;

/// Rows of equal length as lines whose columns stand below each other; the first row is the heading.
std::string columns(const std::vector<Row>& rows);

}  // namespace arpline
