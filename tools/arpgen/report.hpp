// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "arpgen/results.hpp"

namespace arpline::gen {

/// For people: shows the worst addresses, or all of them with per_address.
std::string to_table(const Results& results, bool per_address);
/// For programs, always with all addresses; docs/arpgen.md describes the format.
nlohmann::json to_json(const Results& results);
/// One row per stream and one for the sum; with per_address one row per address instead.
std::string to_csv(const Results& results, bool per_address);
/// One line, without a line break, about the `seconds` between two snapshots of a run. current.seconds is the
/// time since its start.
std::string live_line(const Results& previous, const Results& current, double seconds);

/// "2.94 M", "870 k", "12": three significant digits.
std::string format_amount(double amount);
/// "870 ns", "12.3 us", "4.56 ms", "1.00 s"; "-" for 0: not known.
std::string format_ns(std::uint64_t ns);
/// "99.7 %"; never rounded up to 100 or down to 0.
std::string format_ratio(double ratio);

}  // namespace arpline::gen
