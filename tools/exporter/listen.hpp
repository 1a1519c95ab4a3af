// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline::exporter {

/// Outside of Prometheus' default port allocations, where 9100 to 9999 are all taken; RFC 826 is ARP.
inline constexpr const char* kDefaultListen = "127.0.0.1:10826";

/// Why this is not "ADDRESS:PORT" or "[ADDRESS]:PORT" of one socket; empty when it is.
std::string refuse_listen(const std::string& address);

/// The HTTP server's options: few threads, and none that waits for long for a client.
std::vector<std::string> server_options(const std::string& address);

}  // namespace arpline::exporter
