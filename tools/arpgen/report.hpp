// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "arpgen/results.hpp"

namespace arpline::gen {

/// For people. Of the addresses the worst ones, or all with per_address.
std::string to_table(const Results& results, bool per_address);
/// For programs, addresses always among it; docs/arpgen.md describes it.
nlohmann::json to_json(const Results& results);
/// One row a stream and one for all; with per_address one row an address instead.
std::string to_csv(const Results& results, bool per_address);
/// What happened between two looks at a run that are `seconds` apart, in one line without its end.
/// current.seconds is the run's time.
std::string live_line(const Results& previous, const Results& current, double seconds);

/// "2.94 M", "870 k", "12": three digits that matter.
std::string format_amount(double amount);
/// "870 ns", "12.3 us", "4.56 ms", "1.00 s"; "-" for 0: not known.
std::string format_ns(std::uint64_t ns);
/// "99.7 %"; never rounded up to 100 or down to 0.
std::string format_ratio(double ratio);

}  // namespace arpline::gen
