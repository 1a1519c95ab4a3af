// SPDX-License-Identifier: Apache-2.0
#include "control/client.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <future>

#include "base/fd.hpp"

namespace arpline {
namespace {

// `patience` limits the connect, and each send and receive.
Fd connect_to(const std::string& socket_path, std::chrono::milliseconds patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd || socket_path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  const timeval limit{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

}  // namespace

std::optional<nlohmann::json> ask(const std::string& socket_path, const nlohmann::json& request,
                                  std::chrono::milliseconds patience) {
  const Fd fd = connect_to(socket_path, patience);
  if (!fd) return std::nullopt;
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

std::vector<std::optional<nlohmann::json>> ask_each(const std::vector<std::string>& socket_paths,
                                                    const nlohmann::json& request,
                                                    std::chrono::milliseconds patience) {
  std::vector<std::future<std::optional<nlohmann::json>>> asked;
  asked.reserve(socket_paths.size());
  for (const auto& path : socket_paths)
    asked.push_back(std::async(std::launch::async, [&] { return ask(path, request, patience); }));
  std::vector<std::optional<nlohmann::json>> replies;
  replies.reserve(asked.size());
  for (auto& one : asked) replies.push_back(one.get());
  return replies;
}

bool is_listening(const std::string& socket_path) {
  constexpr std::chrono::milliseconds kMoment{100};
  return static_cast<bool>(connect_to(socket_path, kMoment));
}

}  // namespace arpline
