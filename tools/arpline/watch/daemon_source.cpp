// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "arpline/daemon.hpp"
#include "arpline/usage.hpp"
#include "arpline/watch/source.hpp"

namespace arpline::watch {
namespace {

// The daemon loads programs first, which takes seconds on a machine that is emulated.
constexpr std::chrono::seconds kLoadPatience{120};

class DaemonSource final : public Source {
 public:
  DaemonSource(PinName name, Fd fd) : name_(std::move(name)), fd_(std::move(fd)) {}

  int fd() const override { return fd_.get(); }
  const ForeignText& parent() const override { return name_.parent; }

  // Waits for the first line, with which all that follows is watched.
  void begin(const WatchRequest& wanted) {
    auto request = to_json(wanted);
    request["cmd"] = "watch";
    const auto line = request.dump() + "\n";
    if (send(fd_.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) hangs();
    while (unread_.find('\n') == std::string::npos)
      if (!receive(0)) hangs();
    const auto answer = nlohmann::json::parse(take_line(), nullptr, false);
    if (answer.is_object() && answer.contains("error"))
      throw SetupError(answer["error"].is_string() ? answer["error"].get<std::string>()
                                                   : answer["error"].dump());
    const auto watching = read_answer<WatchAnswer>(answer);
    if (!watching.wire)
      fmt::print(stderr, "arpline: {}: has no XDP program: only what this host sends is seen\n",
                 visible(name_.parent));
  }

  bool read(const Receiver& receiver) override {
    const bool more = receive(MSG_DONTWAIT);
    while (unread_.find('\n') != std::string::npos) {
      const auto line = nlohmann::json::parse(take_line(), nullptr, false);
      if (line.is_object() && line.contains("left_out"))
        receiver.left_out(read_answer<WatchLeftOut>(line).left_out);
      else
        receiver.frame(read_answer<WatchedFrame>(line));
    }
    return more;
  }

 private:
  [[noreturn]] void hangs() const { throw NoDaemonError(about_hung(name_)); }

  std::string take_line() {
    const auto end = unread_.find('\n');
    auto line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return line;
  }

  // False when the daemon has hung up, or when nothing came in the socket's time.
  bool receive(int flags) {
    std::array<char, 65536> bytes{};
    const auto count = recv(fd_.get(), bytes.data(), bytes.size(), flags);
    if (count < 0) return flags != 0 && errno == EAGAIN;
    unread_.append(bytes.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  PinName name_;
  Fd fd_;
  std::string unread_;
};

}  // namespace

std::unique_ptr<Source> from_daemon(const Roots& roots, const PinName& name, const WatchRequest& wanted) {
  auto fd = connect_to_daemon(roots, name, kLoadPatience);
  if (!fd) return nullptr;
  if (!ask_daemon(roots, name, {{"cmd", "ping"}})) throw NoDaemonError(about_hung(name));
  auto source = std::make_unique<DaemonSource>(name, std::move(fd));
  source->begin(wanted);
  return source;
}

}  // namespace arpline::watch
