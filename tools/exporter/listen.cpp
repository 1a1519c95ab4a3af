// SPDX-License-Identifier: Apache-2.0
#include "exporter/listen.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace arpline::exporter {
namespace {

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (text.starts_with('[') && text.ends_with(']'))
    return inet_pton(AF_INET6, text.substr(1, text.size() - 2).c_str(), address.data()) == 1;
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1;
}

bool is_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && rest == end && port != 0;
}

}  // namespace

// A port alone would be all addresses to the server, and a comma one more socket.
std::string refuse_listen(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon != std::string::npos && is_address(address.substr(0, colon)) && is_port(address.substr(colon + 1)))
    return {};
  return fmt::format("{}: not ADDRESS:PORT, as in {} or [::1]:10826", address, kDefaultListen);
}

// A slow client holds one of the threads for as long as request_timeout_ms; more than connection_queue that
// wait are refused. No linger_timeout_ms: 0 would throw away what the client has not read when the server is
// done.
std::vector<std::string> server_options(const std::string& address) {
  return {"listening_ports",  address, "num_threads",      "4",    "request_timeout_ms", "1000",
          "connection_queue", "16",    "max_request_size", "8192", "enable_keep_alive",  "no",
          "decode_url",       "no"};
}

}  // namespace arpline::exporter
