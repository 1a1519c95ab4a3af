// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "arpline/doctor/endpoints.hpp"

namespace arpline::doctor {

/// An endpoint whose gateway does not answer its who-has. Points into the facts.
struct FailingPath {
  Endpoint endpoint;
  const PathStatus* path = nullptr;
  std::string reached_by;  ///< the endpoint that the gateway still answers, in words; empty: none known
};

/// The failing paths that no earlier finding explains.
std::vector<FailingPath> failing_paths(const Facts& facts, const Findings& earlier);

/// "10.0.0.1 (02:…) has not answered it for 12.0 s; before, it took 0.25 ms".
std::string silence_of(const PathStatus& path);

}  // namespace arpline::doctor
