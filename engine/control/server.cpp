// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <tuple>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "base/group.hpp"

namespace arpline {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOwnerAndGroup = 0660;
constexpr uid_t kSameOwner = -1;

std::optional<Asker> asker_at(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return std::nullopt;
  return Asker{.uid = peer.uid, .pid = peer.pid};
}

std::string line_of(const nlohmann::json& reply) {
  // Names of namespaces and processes may hold any byte.
  return reply.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

// An exception becomes an error reply.
std::string line_of(const std::function<nlohmann::json()>& make) {
  try {
    return line_of(make());
  } catch (const std::exception& error) {
    return line_of(nlohmann::json{{"error", error.what()}});
  }
}

nlohmann::json too_many() {
  return {{"error", "too many answers wait to be read; try again"}};
}

}  // namespace

std::string text_of(const Asker& asker) {
  std::ifstream file{fmt::format("/proc/{}/comm", asker.pid)};
  std::string command;
  std::getline(file, command);
  return fmt::format("uid {}, pid {}, command \"{}\"", asker.uid, asker.pid, visible(command));
}

std::optional<gid_t> socket_group(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto group = find_group(name);
  if (!group) {
    throw SetupError(
        fmt::format("control_group: {}: no such group; make it with: groupadd --system {}", name, name));
  }
  return group;
}

Server::Server(const std::string& path, EventLoop& loop, Handler handler, std::optional<gid_t> group)
    : listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      loop_(loop),
      handler_(std::move(handler)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw SetupError(fmt::format("{}: too long for a socket's path", path));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  unlink(path.c_str());
  if (!listener_ || bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw_errno(fmt::format("make the socket {}", path), errno);
  }
  // No client can connect before listen(), so the owner and the mode are set in time.
  if (group && chown(path.c_str(), kSameOwner, *group) != 0) {
    throw_errno(fmt::format("give {} to group {}", path, *group), errno, "allow CAP_CHOWN");
  }
  if (chmod(path.c_str(), group ? kOwnerAndGroup : kOwnerOnly) != 0 ||
      listen(listener_.get(), kMaxClients) != 0) {
    throw_errno(fmt::format("listen at {}", path), errno);
  }
  connecting_ = loop_.on_io(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_one(); });
  done_ = loop_.on_io(background_.fd(), EPOLLIN, [this](std::uint32_t) {
    for (auto& [ticket, line] : background_.take()) answer_with(ticket, std::move(line));
  });
}

void Server::on_client(int fd, std::uint32_t events) {
  const auto client = clients_.find(fd);
  if (!serve(client->second, events)) drop(client);
}

void Server::tick(Instant now) {
  clock_ += std::min(now - last_tick_, kLongestTurn);
  last_tick_ = now;
  for (auto it = clients_.begin(); it != clients_.end();) {
    const auto client = it++;
    if (!has_request(client->second) && client->second.ticket == 0 && clock_ > client->second.since + kPatience)
      drop(client);
  }
  spent_ = 0s;
  answer_put_off();
}

// True when a whole request of the client waits to be handled.
bool Server::has_request(const Client& client) {
  return client.ticket == 0 && client.out.empty() && client.in.find('\n') != std::string::npos;
}

std::uint32_t Server::awaited(const Client& client) {
  if (!client.out.empty()) return EPOLLOUT;
  if (has_request(client) || client.ticket != 0) return 0;
  return EPOLLIN;
}

void Server::answer_put_off() {
  while (spent_ < kBusy) {
    auto next = clients_.end();
    for (auto it = clients_.begin(); it != clients_.end(); ++it) {
      if (has_request(it->second) && (next == clients_.end() || it->second.turn < next->second.turn)) next = it;
    }
    if (next == clients_.end()) return;
    if (!serve(next->second, 0)) drop(next);
  }
}

void Server::drop(Clients::iterator client) {
  pending_ -= client->second.out.size();
  if (client->second.ticket != 0) background_.forget(client->second.ticket);
  auto gone = std::move(client->second);
  clients_.erase(client);
  gone.source.reset();
  if (gone.taker) gone.taker(std::move(gone.fd));
}

void Server::renew(Client& client) {
  client.since = clock_;
  client.turn = ++turns_;
}

// Of the user who has the most clients, the one that has waited longest: nobody can ask so much that others are
// not heard.
Server::Clients::iterator Server::most_dispensable() {
  std::map<std::optional<uid_t>, std::size_t> of_user;
  const auto user = [](const Client& client) {
    return client.who ? std::optional{client.who->uid} : std::nullopt;
  };
  for (const auto& [fd, client] : clients_) ++of_user[user(client)];
  return std::ranges::min_element(clients_, {}, [&](const auto& entry) {
    const auto& client = entry.second;
    return std::tuple{kMaxClients - of_user.at(user(client)), has_request(client) || client.ticket != 0,
                      client.turn};
  });
}

void Server::accept_one() {
  Fd fd{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!fd) return;
  if (clients_.size() >= kMaxClients) drop(most_dispensable());
  const int key = fd.get();
  auto& client = clients_.emplace(key, Client{.fd = std::move(fd), .in = {}, .out = {}, .who = asker_at(key)})
                     .first->second;
  renew(client);
  try {
    client.source = loop_.on_io(key, EPOLLIN, [this, key](std::uint32_t events) { on_client(key, events); });
  } catch (const SetupError&) {
    clients_.erase(key);  // the kernel can't watch one more descriptor: hang up
  }
}

// False when the client has to be dropped, or handed over.
bool Server::serve(Client& client, std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return false;
  if (client.out.empty() && client.ticket == 0 && !has_request(client) && !read_some(client)) return false;
  while (!client.out.empty() || take_request(client)) {
    if (client.taker) return false;
    if (client.ticket != 0) break;
    if (!write_some(client)) return false;
    if (!client.out.empty()) break;  // the client has to read first
  }
  client.source.await(awaited(client));
  return !client.out.empty() || client.ticket != 0 || has_request(client) ||
         client.in.size() < kMaxRequestBytes;
}

bool Server::read_some(Client& client) {
  std::array<char, kMaxRequestBytes> bytes{};
  const auto count = read(client.fd.get(), bytes.data(), bytes.size());
  if (count <= 0) return count < 0 && errno == EAGAIN;
  client.in.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

bool Server::take_request(Client& client) {
  if (!has_request(client) || spent_ >= kBusy) return false;
  const auto end = client.in.find('\n');
  const auto began = Clock::now();
  asker_ = &client;
  auto line = reply_to(client.in.substr(0, end));
  asker_ = nullptr;
  client.in.erase(0, end + 1);
  spent_ += Clock::now() - began;
  if (client.ticket == 0 && !client.taker) {
    send_later(client, std::move(line));
  } else {
    renew(client);
  }
  return true;
}

void Server::send_later(Client& client, std::string&& line) {
  client.out = std::move(line);
  renew(client);
  pending_ += client.out.size();
}

std::uint64_t Server::put_off() noexcept {
  return asker_ == nullptr ? 0 : asker_->ticket = ++tickets_;
}

void Server::put_off(std::function<nlohmann::json()> work) {
  background_.give(put_off(), [work = std::move(work)] { return line_of(work); });
}

void Server::hand_over(std::function<void(Fd)> taker) {
  if (asker_ != nullptr) asker_->taker = std::move(taker);
}

void Server::answer(std::uint64_t ticket, const nlohmann::json& reply) {
  answer_with(ticket, line_of(reply));
}

void Server::answer_with(std::uint64_t ticket, std::string&& line) {
  const auto at = std::ranges::find_if(
      clients_, [ticket](const auto& client) { return ticket != 0 && client.second.ticket == ticket; });
  if (at == clients_.end()) return;
  at->second.ticket = 0;
  send_later(at->second, pending_ + line.size() <= kMaxPendingBytes ? std::move(line) : line_of(too_many()));
  if (!serve(at->second, 0)) drop(at);
}

std::string Server::reply_to(const std::string& line) const {
  if (pending_ >= kMaxPendingBytes) return line_of(too_many());
  auto reply = line_of([&] { return handler_(nlohmann::json::parse(line)); });
  return pending_ + reply.size() <= kMaxPendingBytes ? reply : line_of(too_many());
}

bool Server::write_some(Client& client) {
  const auto count = send(client.fd.get(), client.out.data() + client.written,
                          client.out.size() - client.written, MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN;
  const auto pieces = client.written / kPieceBytes;
  client.written += static_cast<std::size_t>(count);
  if (client.written / kPieceBytes != pieces) renew(client);
  if (client.written < client.out.size()) return true;
  pending_ -= client.out.size();
  std::string{}.swap(client.out);  // assigning would keep the capacity
  client.written = 0;
  renew(client);
  return true;
}

}  // namespace arpline
