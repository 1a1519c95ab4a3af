// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libmnl/libmnl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace arpline {

/// A netlink request under construction. Throws SetupError when its attributes do not fit.
class NetlinkRequest {
 public:
  explicit NetlinkRequest(std::uint16_t type);
  NetlinkRequest(const NetlinkRequest&) = delete;
  NetlinkRequest& operator=(const NetlinkRequest&) = delete;

  /// Appends the family's fixed header, zeroed. To be called once, before the first attribute.
  template <class T>
  T& header() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(message(), sizeof(T)));
  }
  void put_u32(std::uint16_t attribute, std::uint32_t value);
  void put_string(std::uint16_t attribute, std::string_view value);
  /// A string attribute inside another attribute.
  void put_nested_string(std::uint16_t nest, std::uint16_t attribute, std::string_view value);

  nlmsghdr* message() noexcept { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

 private:
  alignas(nlmsghdr) std::array<char, 512> buffer_{};
};

/// A request socket for rtnetlink or generic netlink, in the namespace of the thread that makes it. For one
/// thread at a time; not for multicast groups.
class Netlink {
 public:
  using Handler = std::function<void(const nlmsghdr&)>;

  /// `protocol`: NETLINK_ROUTE, NETLINK_GENERIC and so on. Throws SetupError.
  explicit Netlink(int protocol);

  /// Sends the request and waits for its acknowledgement; the handler gets the messages before it. Returns 0 or
  /// the kernel's errno. Throws SetupError only when the socket itself fails.
  int try_request(NetlinkRequest& request, const Handler& handler = {});

  /// Like try_request(), but for dumps. The handler sees complete dumps only: a dump that the kernel marks as
  /// interrupted by a change is repeated, at most 8 times, and then EINTR is returned. A dump of more than
  /// `most` messages is cut off there, because a container can make some tables as long as it likes.
  int try_dump(NetlinkRequest& request, const Handler& handler, std::size_t most = SIZE_MAX);

 private:
  struct CloseSocket {
    void operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }
  };
  enum class Next { more, end };

  void open();
  void send(NetlinkRequest& request, std::uint16_t flags);
  int collect(std::size_t most);
  Next take(const nlmsghdr& message, int& error);
  void deliver(const Handler& handler) const;

  std::unique_ptr<mnl_socket, CloseSocket> socket_;
  int protocol_;
  std::uint32_t sequence_ = 0;
  std::size_t messages_ = 0;  // in collected_
  bool interrupted_ = false;
  std::vector<char> receive_;
  std::vector<char> collected_;
};

/// Whether the remaining bytes hold a complete message. mnl_nlmsg_ok() is wrong for lengths of 2^31 and more.
inline bool is_whole(const nlmsghdr* message, int left) {
  return left >= static_cast<int>(sizeof *message) && message->nlmsg_len >= sizeof *message &&
         message->nlmsg_len <= static_cast<unsigned>(left);
}

/// The family's header of a message; the fields that a shorter message lacks are 0.
template <class T>
T header_of(const nlmsghdr& message) {
  T header{};
  std::memcpy(&header, mnl_nlmsg_get_payload(&message),
              std::min(mnl_nlmsg_get_payload_len(&message), sizeof header));
  return header;
}

/// Calls f(const nlattr&, int type) for each attribute behind the family's header, which has `header_bytes`.
template <class F>
void for_each_attribute(const nlmsghdr& message, std::size_t header_bytes, F&& f) {
  const auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, header_bytes));
  // libmnl's own end is rounded up.
  const auto* end = reinterpret_cast<const char*>(&message) + message.nlmsg_len;
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute))
    f(*attribute, mnl_attr_get_type(attribute));
}

/// Calls f(const nlattr&, int type) for each attribute inside `nest`.
template <class F>
void for_each_nested(const nlattr& nest, F&& f) {
  const auto* attribute = static_cast<const nlattr*>(mnl_attr_get_payload(&nest));
  const auto* end = reinterpret_cast<const char*>(attribute) + mnl_attr_get_payload_len(&nest);
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute))
    f(*attribute, mnl_attr_get_type(attribute));
}

/// The attribute's value; nullopt when it is too short.
std::optional<std::uint8_t> attribute_u8(const nlattr& attribute);
std::optional<std::uint16_t> attribute_u16(const nlattr& attribute);
std::optional<std::uint32_t> attribute_u32(const nlattr& attribute);
std::optional<std::uint64_t> attribute_u64(const nlattr& attribute);
/// Without the terminating zero.
std::string_view attribute_string(const nlattr& attribute);

}  // namespace arpline
