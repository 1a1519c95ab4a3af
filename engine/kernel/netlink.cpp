// SPDX-License-Identifier: Apache-2.0
#include "kernel/netlink.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.hpp"

namespace arpline {
namespace {

// The kernel fills a message up to the size of the reader's buffer, but not beyond 32 KiB.
constexpr std::size_t kReceiveBytes = 32 * 1024;
constexpr int kDumpTries = 8;
constexpr std::size_t kLongDumpBytes = 256 * 1024;

template <class T>
std::optional<T> read_attribute(const nlattr& attribute) {
  if (mnl_attr_get_payload_len(&attribute) < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, mnl_attr_get_payload(&attribute), sizeof value);
  return value;
}

// The errno in NLMSG_ERROR and NLMSG_DONE is negative; 0 is an acknowledgement.
int error_in(const nlmsghdr& message) {
  int error = 0;
  if (mnl_nlmsg_get_payload_len(&message) >= sizeof error)
    std::memcpy(&error, mnl_nlmsg_get_payload(&message), sizeof error);
  return error < 0 ? -error : 0;
}

}  // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type) {
  mnl_nlmsg_put_header(buffer_.data());
  message()->nlmsg_type = type;
}

void NetlinkRequest::put_u32(std::uint16_t attribute, std::uint32_t value) {
  if (!mnl_attr_put_u32_check(message(), buffer_.size(), attribute, value))
    throw_errno("building a netlink request", EMSGSIZE);
}

void NetlinkRequest::put_nested_string(std::uint16_t nest, std::uint16_t attribute, std::string_view value) {
  auto* const nested = mnl_attr_nest_start_check(message(), buffer_.size(), nest);
  if (nested == nullptr) throw_errno("building a netlink request", EMSGSIZE);
  put_string(attribute, value);
  mnl_attr_nest_end(message(), nested);
}

void NetlinkRequest::put_string(std::uint16_t attribute, std::string_view value) {
  if (!mnl_attr_put_strz_check(message(), buffer_.size(), attribute, std::string{value}.c_str()))
    throw_errno("building a netlink request", EMSGSIZE);
}

Netlink::Netlink(int protocol) : protocol_(protocol), receive_(kReceiveBytes) {
  open();
}

void Netlink::open() {
  socket_.reset(mnl_socket_open2(protocol_, SOCK_CLOEXEC));
  if (!socket_) throw_errno("opening a netlink socket", errno);
  if (mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) throw_errno("binding a netlink socket", errno);
  // Without strict checking the kernel ignores a dump's filter and target namespace.
  int on = 1;
  if (mnl_socket_setsockopt(socket_.get(), NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0)
    throw_errno("setting NETLINK_GET_STRICT_CHK", errno, "arpline needs Linux 5.18 or later");
}

int Netlink::try_request(NetlinkRequest& request, const Handler& handler) {
  send(request, NLM_F_REQUEST | NLM_F_ACK);
  const int error = collect(SIZE_MAX);
  if (error == 0) deliver(handler);
  return error;
}

// A long dump that was interrupted is not repeated, because the caller has other namespaces to read.
int Netlink::try_dump(NetlinkRequest& request, const Handler& handler, std::size_t most) {
  for (int i = 0; i < kDumpTries; ++i) {
    send(request, NLM_F_REQUEST | NLM_F_DUMP);
    const int error = collect(most);
    if (error != 0) return error;
    if (interrupted_ && collected_.size() > kLongDumpBytes) break;
    if (interrupted_) continue;
    deliver(handler);
    return 0;
  }
  return EINTR;
}

void Netlink::send(NetlinkRequest& request, std::uint16_t flags) {
  nlmsghdr* message = request.message();
  message->nlmsg_flags = flags;
  message->nlmsg_seq = ++sequence_;
  interrupted_ = false;
  messages_ = 0;
  collected_.clear();
  while (mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0)
    if (errno != EINTR) throw_errno("sending a netlink request", errno);
}

// Reads up to the end of the answer, or replaces the socket: a half-read dump would block the next one.
int Netlink::collect(std::size_t most) {
  const auto port = mnl_socket_get_portid(socket_.get());
  int error = 0;
  for (;;) {
    const auto received = mnl_socket_recvfrom(socket_.get(), receive_.data(), receive_.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) throw_errno("reading from a netlink socket", errno);
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(receive_.data()); is_whole(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence_ || message->nlmsg_pid != port) continue;
      if (take(*message, error) == Next::end) return error;
    }
    if (messages_ > most) {
      open();
      return 0;
    }
  }
}

Netlink::Next Netlink::take(const nlmsghdr& message, int& error) {
  if ((message.nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
  if (message.nlmsg_type == NLMSG_ERROR || message.nlmsg_type == NLMSG_DONE) {
    error = error_in(message);
    return Next::end;
  }
  if (message.nlmsg_type < NLMSG_MIN_TYPE) return Next::more;
  ++messages_;
  const auto* bytes = reinterpret_cast<const char*>(&message);
  collected_.insert(collected_.end(), bytes, bytes + message.nlmsg_len);
  collected_.resize(NLMSG_ALIGN(collected_.size()));
  return Next::more;
}

void Netlink::deliver(const Handler& handler) const {
  if (!handler) return;
  int left = static_cast<int>(collected_.size());
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(collected_.data()); is_whole(message, left);
       message = mnl_nlmsg_next(message, &left))
    handler(*message);
}

std::optional<std::uint8_t> attribute_u8(const nlattr& attribute) {
  return read_attribute<std::uint8_t>(attribute);
}
std::optional<std::uint16_t> attribute_u16(const nlattr& attribute) {
  return read_attribute<std::uint16_t>(attribute);
}
std::optional<std::uint32_t> attribute_u32(const nlattr& attribute) {
  return read_attribute<std::uint32_t>(attribute);
}
std::optional<std::uint64_t> attribute_u64(const nlattr& attribute) {
  return read_attribute<std::uint64_t>(attribute);
}

std::string_view attribute_string(const nlattr& attribute) {
  const auto* text = static_cast<const char*>(mnl_attr_get_payload(&attribute));
  return {text, strnlen(text, mnl_attr_get_payload_len(&attribute))};
}

}  // namespace arpline
