// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arpline/roots.hpp"
#include "base/clock.hpp"
#include "report/watched.hpp"

namespace arpline::watch {

struct Request {
  WatchRequest wanted;
  std::string from;  ///< a MAC or an IPv4 address; empty: any
  std::string endpoint;
  std::string parent;  ///< empty: all that are served
  std::string pcapng;  ///< file for the frames; "-": standard output, in the place of lines
  bool as_json = false;
  bool wide = false;              ///< whole lines on a terminal too
  std::uint64_t count = 0;        ///< end after so many frames; 0: don't
  std::optional<double> seconds;  ///< end after this time
};

/// `arpline watch`: a line for each ARP frame, until a signal, --count or --for ends it. Returns the exit code.
/// Throws SetupError.
int run(Request request, const Roots& roots);

}  // namespace arpline::watch
