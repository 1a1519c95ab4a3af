// SPDX-License-Identifier: Apache-2.0
#include "arpline/daemon.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/foreign_text.hpp"

namespace arpline {
namespace {

std::string socket_of(const Roots& roots, const PinName& name) {
  return roots.run + "/" + name.text() + "/control.sock";
}

void refuse_who_may_not_connect(const std::string& socket) {
  if (access(socket.c_str(), R_OK | W_OK) != 0 && errno == EACCES)
    throw_errno("connect to " + socket, EACCES, "run as root or as a member of its group");
}

}  // namespace

Fd connect_to_daemon(const Roots& roots, const PinName& name, std::chrono::milliseconds patience) {
  const auto socket = socket_of(roots, name);
  auto fd = connect_to(socket, patience);
  if (!fd) refuse_who_may_not_connect(socket);
  return fd;
}

std::optional<nlohmann::json> ask_daemon(const Roots& roots, const PinName& name, const nlohmann::json& request,
                                         std::chrono::milliseconds patience) {
  const auto socket = socket_of(roots, name);
  auto reply = ask(socket, request, patience);
  if (!reply) refuse_who_may_not_connect(socket);
  return reply;
}

std::vector<std::optional<nlohmann::json>> ask_daemons(const Roots& roots, const std::vector<PinName>& names,
                                                       const nlohmann::json& request) {
  std::vector<std::string> sockets;
  sockets.reserve(names.size());
  for (const auto& name : names) sockets.push_back(socket_of(roots, name));
  auto replies = ask_each(sockets, request);
  for (std::size_t i = 0; i < replies.size(); ++i)
    if (!replies[i]) refuse_who_may_not_connect(sockets[i]);
  return replies;
}

// Only root can test the lock; without root, an open control socket shows a running daemon.
bool is_hung(const Roots& roots, const PinName& name) {
  return is_locked(roots.run, name.text()) || is_listening(socket_of(roots, name));
}

std::string about_hung(const PinName& name) {
  return fmt::format(
      "{}: its arplined hangs: it is there and does not answer; end it and start it again (systemctl restart "
      "arplined, where it is a service)",
      visible(name.parent));
}

}  // namespace arpline
