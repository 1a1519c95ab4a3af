// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline {

using TableRow = std::vector<std::string>;

/// Formats rows as text with aligned columns. Takes at least one row; all rows have the same number of cells.
std::string table(const std::vector<TableRow>& rows);

/// Removes those of the named columns whose cells are all "-". Takes at least one row, the heading.
std::vector<TableRow> without_empty(std::vector<TableRow> rows, const std::vector<std::string>& columns);

}  // namespace arpline
