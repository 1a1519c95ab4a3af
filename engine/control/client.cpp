// SPDX-License-Identifier: Apache-2.0
#include "control/client.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "base/fd.hpp"

namespace arpline {

std::optional<nlohmann::json> ask(const std::string& socket_path, const nlohmann::json& request,
                                  std::chrono::milliseconds patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd || socket_path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  const timeval limit{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return std::nullopt;
  const auto line = request.dump() + "\n";
  if (send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return std::nullopt;
  std::string reply;
  std::array<char, 65536> bytes{};
  while (!reply.ends_with('\n')) {
    const auto count = recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (count <= 0) return std::nullopt;
    reply.append(bytes.data(), static_cast<std::size_t>(count));
  }
  auto json = nlohmann::json::parse(reply, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

}  // namespace arpline
