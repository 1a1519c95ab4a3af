// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arpgen/bpf/abi.h"
#include "base/net.hpp"

namespace arpline::gen {

/// The addresses of an interface, which is the requester of a spec that names none.
struct Identity {
  std::uint32_t address = 0;  ///< host byte order; 0: it has none
  Mac mac = 0;                ///< 0: no interface
};

/// A plan with its tables: it alone determines the frames of a run.
struct Plan {
  arpgen_plan plan{};
  std::vector<std::string> names;  ///< the spec of each stream as given
  std::vector<std::uint32_t>
      zipf;  ///< ARPGEN_ZIPF_SLOTS target indices per stream; empty when no stream needs them
};

/// Fills all fields of `plan` but deadline_ns, ifindex and pass_answers. A stream that nobody answers has no
/// flows and no entries in the targets (its first_target and first_flow are 0). Throws SetupError that names
/// the spec and the remedy, also when the answers of two streams could not be told apart.
Plan make_plan(const std::vector<std::string>& specs, const Identity& identity, std::uint64_t seed);

}  // namespace arpline::gen
