// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arpline/replay/network.hpp"
#include "arpline/roots.hpp"

namespace arpline::replay {

struct Request {
  std::string file;  ///< pcapng or pcap; "-": standard input
  NetworkRequest network;
  bool confirmed = false;  ///< whatever is handed to an endpoint's kernel is answered by it at once
  bool inbound = false;    ///< every frame came in from the wire
  bool each = false;       ///< a line per ARP frame, before the sums
  bool as_json = false;
  std::string write;     ///< a pcapng file; empty: none
  bool as_root = false;  ///< root may, too; it reads the capture as nobody
};

/// Prints what arpline would have made of a capture. Throws SetupError.
int run(const Request& request, const Roots& roots);

}  // namespace arpline::replay
