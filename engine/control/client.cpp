// SPDX-License-Identifier: Apache-2.0
#include "control/client.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <future>
#include <utility>

namespace arpline {
namespace {

// Tells a daemon that is busy, or has to wait for a CPU, from one that hangs.
class Progress {
 public:
  // `fd`: connected to the daemon.
  explicit Progress(int fd) {
    ucred daemon{};
    socklen_t size = sizeof daemon;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &daemon, &size) != 0) return;
    path_ = fmt::format("/proc/{0}/task/{0}/schedstat", daemon.pid);  // of the thread that runs the loop
    used_ns_ = used_ns();
  }
  // Whether the daemon's loop has used CPU time since the last call.
  bool moved() {
    const auto now = used_ns();
    return std::exchange(used_ns_, now) != now;
  }

 private:
  std::uint64_t used_ns() const {
    std::uint64_t ns = 0;
    std::ifstream{path_} >> ns;
    return ns;
  }

  std::string path_;
  std::uint64_t used_ns_ = 0;
};

}  // namespace

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

std::optional<nlohmann::json> ask(const std::string& socket_path, const nlohmann::json& request,
                                  std::chrono::milliseconds patience) {
  const Fd fd = connect_to(socket_path, patience);
  if (!fd) return std::nullopt;
  const auto line = request.dump() + "\n";
  Progress daemon{fd.get()};
  const auto end =
      std::chrono::steady_clock::now() + std::max<std::chrono::milliseconds>(patience, kBusyPatience);
  if (send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return std::nullopt;
  std::string reply;
  std::array<char, 65536> bytes{};
  while (!reply.ends_with('\n')) {
    const auto count = recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EAGAIN && std::chrono::steady_clock::now() < end && daemon.moved()) continue;
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
