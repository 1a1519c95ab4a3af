// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/fd.hpp"

namespace arpline {

/// The control socket: one JSON object a line in, one out. Never blocks; requests, clients and waiting time are
/// bounded.
class Server {
 public:
  using Handler = std::function<nlohmann::json(const nlohmann::json& request)>;

  /// Listens at `path`, mode 0600; events are added to and removed from `epoll_fd`. Throws SetupError. What the
  /// handler throws becomes an error for the client.
  Server(const std::string& path, int epoll_fd, Handler handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// True when the event was this server's.
  bool on_event(int fd, std::uint32_t events);

  static constexpr std::size_t kMaxClients = 16;
  static constexpr std::size_t kMaxRequestBytes = 4096;

 private:
  struct Client {
    Fd fd;
    std::string in;
    std::string out;
  };

  void accept_one();
  bool serve(Client& client, std::uint32_t events);
  bool read_request(Client& client);
  nlohmann::json reply_to(const std::string& line) const;
  bool write_reply(Client& client);
  void watch(int operation, int fd, std::uint32_t events) const;

  Fd listener_;
  int epoll_fd_;
  Handler handler_;
  std::map<int, Client> clients_;
};

}  // namespace arpline
