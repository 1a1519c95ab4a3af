// SPDX-License-Identifier: Apache-2.0
#include "report/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace arpline {

std::string table(const std::vector<TableRow>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::vector<TableRow> without_empty(std::vector<TableRow> rows, const std::vector<std::string>& columns) {
  for (const auto& column : columns) {
    const auto at = std::ranges::find(rows.front(), column) - rows.front().begin();
    const auto empty = [at](const TableRow& row) { return row[static_cast<std::size_t>(at)] == "-"; };
    if (!std::all_of(rows.begin() + 1, rows.end(), empty)) continue;
    for (auto& row : rows) row.erase(row.begin() + at);
  }
  return rows;
}

}  // namespace arpline
