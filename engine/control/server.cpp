// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace arpline {

Server::Server(const std::string& path, int epoll_fd, Handler handler)
    : listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      epoll_fd_(epoll_fd),
      handler_(std::move(handler)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw SetupError(fmt::format("{}: too long for a socket's path", path));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  unlink(path.c_str());
  if (!listener_ || bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0600) != 0 || listen(listener_.get(), kMaxClients) != 0) {
    throw_errno(fmt::format("listen at {}", path), errno);
  }
  watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
}

Server::~Server() {
  for (const auto& [fd, client] : clients_) watch(EPOLL_CTL_DEL, fd, 0);
  watch(EPOLL_CTL_DEL, listener_.get(), 0);
}

void Server::watch(int operation, int fd, std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll_fd_, operation, fd, &event);
}

bool Server::on_event(int fd, std::uint32_t events) {
  if (fd == listener_.get()) {
    accept_one();
    return true;
  }
  const auto it = clients_.find(fd);
  if (it == clients_.end()) return false;
  if (!serve(it->second, events)) {
    watch(EPOLL_CTL_DEL, fd, 0);
    clients_.erase(it);
  }
  return true;
}

void Server::accept_one() {
  Fd fd{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!fd || clients_.size() >= kMaxClients) return;
  const int key = fd.get();
  clients_.emplace(key, Client{.fd = std::move(fd), .in = {}, .out = {}});
  watch(EPOLL_CTL_ADD, key, EPOLLIN);
}

// False when the client is done with.
bool Server::serve(Client& client, std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return false;
  if (!client.out.empty()) return write_reply(client);
  return read_request(client);
}

bool Server::read_request(Client& client) {
  std::array<char, kMaxRequestBytes> bytes{};
  const auto count = read(client.fd.get(), bytes.data(), bytes.size());
  if (count <= 0) return count < 0 && errno == EAGAIN;
  client.in.append(bytes.data(), static_cast<std::size_t>(count));
  const auto end = client.in.find('\n');
  if (end == std::string::npos) return client.in.size() < kMaxRequestBytes;
  const auto reply = reply_to(client.in.substr(0, end));
  client.in.erase(0, end + 1);
  // Names of namespaces and processes may hold any byte.
  client.out = reply.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  watch(EPOLL_CTL_MOD, client.fd.get(), EPOLLOUT);
  return write_reply(client);
}

nlohmann::json Server::reply_to(const std::string& line) const {
  try {
    return handler_(nlohmann::json::parse(line));
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

bool Server::write_reply(Client& client) {
  const auto count = send(client.fd.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN;
  client.out.erase(0, static_cast<std::size_t>(count));
  if (client.out.empty()) watch(EPOLL_CTL_MOD, client.fd.get(), EPOLLIN);
  return true;
}

}  // namespace arpline
