// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/replay/network.hpp"
#include "arpline/roots.hpp"

namespace arpline::replay {

struct Request {
  std::string file;  ///< pcapng or pcap; "-": standard input
  NetworkRequest network;
  bool confirmed = false;  ///< an endpoint's kernel answers each who-has that it gets, at once
  bool inbound = false;    ///< all frames came in from the wire
  bool each = false;       ///< print a line per ARP frame before the sums
  bool as_json = false;
  std::string write;     ///< a pcapng file; empty: none
  bool as_root = false;  ///< allow root, which reads the capture as nobody
};

/// Prints the verdicts that arpline would have given the frames of a capture. Throws SetupError.
int run(const Request& request, const Roots& roots);

}  // namespace arpline::replay
