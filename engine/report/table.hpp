// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline {

using TableRow = std::vector<std::string>;

/// The rows below each other, their columns as wide as the widest cell. At least one row, all with as many
/// cells.
std::string table(const std::vector<TableRow>& rows);

/// Without those of the named columns in which no row has anything: its cells are "-". At least one row.
std::vector<TableRow> without_empty(std::vector<TableRow> rows, const std::vector<std::string>& columns);

}  // namespace arpline
