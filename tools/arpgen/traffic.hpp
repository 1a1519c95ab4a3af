// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arpgen/bpf/abi.h"
#include "base/net.hpp"

namespace arpline::gen {

/// Who an interface is, and so the requester that a spec means when it names none.
struct Identity {
  std::uint32_t address = 0;  ///< host byte order; 0: it has none
  Mac mac = 0;                ///< 0: there is no interface
};

/// All that decides which frames a run consists of.
struct Plan {
  arpgen_plan plan{};
  std::vector<std::string> names;   ///< per stream, the spec as given
  std::vector<std::uint32_t> zipf;  ///< ARPGEN_ZIPF_SLOTS target indices a stream; empty when none needs them
};

/// Fills all of `plan` but deadline_ns, ifindex and pass_answers. Streams that nobody answers have neither
/// flows nor places among the targets (first_target and first_flow are 0). Throws SetupError that names the
/// spec and what to change; so, too, when two streams could not be told apart by their answers.
Plan make_plan(const std::vector<std::string>& specs, const Identity& identity, std::uint64_t seed);

}  // namespace arpline::gen
