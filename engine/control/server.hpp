// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "control/background.hpp"
#include "control/event_loop.hpp"

namespace arpline {

/// The process at the other end of a control socket, as it was when it connected (SO_PEERCRED).
struct Asker {
  uid_t uid = 0;
  pid_t pid = 0;  ///< 0: not in this process's PID namespace
};

/// "uid 0, pid 4711, command "arpline"". visible() escapes the command, because a process can choose any name.
std::string text_of(const Asker& asker);

/// The id of the control sockets' group; nullopt for an empty name. Throws SetupError when there is no such
/// group.
std::optional<gid_t> socket_group(const std::string& name);

/// The control socket: one JSON object per line in, one out. Never blocks. The number of clients, the size of
/// requests, the size of all answers that are not read yet, and waiting times are bounded.
class Server {
 public:
  using Handler = std::function<nlohmann::json(const nlohmann::json& request)>;

  /// Listens at `path`: mode 0660 for a group, 0600 without. `loop` outlives it. An exception of the handler
  /// becomes an error reply to the client. Throws SetupError.
  Server(const std::string& path, EventLoop& loop, Handler handler, std::optional<gid_t> group = std::nullopt);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() = default;

  /// Within the handler: the process that asks; nullopt: it is not known.
  std::optional<Asker> asked_by() const noexcept { return asker_ == nullptr ? std::nullopt : asker_->who; }
  bool asked_by_root() const noexcept { return asked_by() && asked_by()->uid == 0; }
  /// Within the handler: its result is not sent, and the client waits for answer() with this ticket.
  std::uint64_t put_off() noexcept;
  /// Within the handler: its result is not sent; `work` makes the reply in a thread of its own.
  void put_off(std::function<nlohmann::json()> work);
  /// Within the handler: its result is not sent; the client's connection goes to `taker`, which the server
  /// calls once it has let go of it.
  void hand_over(std::function<void(Fd client)> taker);
  /// Answers a request that was put off; does nothing when the client is gone.
  void answer(std::uint64_t ticket, const nlohmann::json& reply);
  /// Drops clients that keep the server waiting for longer than kPatience, and answers those that were put
  /// off. Four times a second. At most kLongestTurn of the time since the last tick
  /// count against a client: the loop has spent the rest elsewhere, and could have served no client in it.
  void tick(Instant now);

  static constexpr std::size_t kMaxClients = 16;  ///< one more replaces a client of the user who has the most
  static constexpr std::size_t kMaxRequestBytes = 4096;
  static constexpr std::size_t kMaxPendingBytes = 128 << 20;  ///< answers not yet read, of all clients
  static constexpr Duration kPatience = 5s;                   ///< for a whole request; for reading each piece
  static constexpr std::size_t kPieceBytes = 1 << 20;         ///< of an answer
  static constexpr Duration kLongestTurn = 1s;
  /// For answers between two ticks; requests beyond that are put off, so that events don't wait.
  static constexpr Duration kBusy = 50ms;

 private:
  struct Client {
    Fd fd;
    std::string in;
    std::string out;
    std::size_t written = 0;  // bytes of out
    Duration since{};         // on clock_: when it began to wait for a request, or to send this piece
    std::uint64_t turn = 0;   // the order of these times
    std::optional<Asker> who;
    std::uint64_t ticket = 0;         // of the answer that the handler has put off; 0: none
    std::function<void(Fd)> taker{};  // of the connection, which is then no longer the server's
    EventLoop::Source source{};
  };
  using Clients = std::map<int, Client>;

  static bool has_request(const Client& client);
  static std::uint32_t awaited(const Client& client);
  void answer_put_off();
  Clients::iterator most_dispensable();
  void accept_one();
  void on_client(int fd, std::uint32_t events);
  void drop(Clients::iterator client);
  void renew(Client& client);
  bool serve(Client& client, std::uint32_t events);
  bool read_some(Client& client);
  bool take_request(Client& client);
  std::string reply_to(const std::string& line) const;
  void answer_with(std::uint64_t ticket, std::string&& line);
  void send_later(Client& client, std::string&& line);
  bool write_some(Client& client);

  Fd listener_;
  EventLoop& loop_;
  Handler handler_;
  Background background_;
  EventLoop::Source connecting_;
  EventLoop::Source done_;
  Clients clients_;
  std::size_t pending_ = 0;  // bytes in all clients' out
  Duration spent_{};         // time spent on answers since the last tick
  Client* asker_ = nullptr;  // while the handler runs
  std::uint64_t tickets_ = 0;
  Instant last_tick_ = kNoTime;
  Duration clock_{};  // the sum of the times in which clients could be served
  std::uint64_t turns_ = 0;
};

}  // namespace arpline
