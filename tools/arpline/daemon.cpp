// SPDX-License-Identifier: Apache-2.0
#include "arpline/daemon.hpp"

#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "control/client.hpp"

namespace arpline {

std::optional<nlohmann::json> ask_daemon(const Roots& roots, const PinName& name, const nlohmann::json& request,
                                         std::chrono::milliseconds patience) {
  const auto socket = roots.run + "/" + name.text() + "/control.sock";
  auto reply = ask(socket, request, patience);
  if (!reply && access(socket.c_str(), R_OK | W_OK) != 0 && errno == EACCES)
    throw_errno("connect to " + socket, EACCES, "run as root or as a member of its group");
  return reply;
}

}  // namespace arpline
