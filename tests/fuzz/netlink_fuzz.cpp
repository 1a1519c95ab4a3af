// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of netlink: dumps, answers and events with any attributes of any length, interrupted or
// not. The linker wraps the socket calls, so that all data received comes from the input.
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/error.hpp"
#include "fuzz/fuzz.hpp"
#include "kernel/ethtool.hpp"
#include "kernel/gateways.hpp"
#include "kernel/groups.hpp"
#include "kernel/link.hpp"
#include "kernel/neighbours.hpp"
#include "kernel/route_events.hpp"
#include "kernel/routes.hpp"
#include "wrapped_sockets.hpp"

#include <fcntl.h>

#include <sstream>

namespace {

using namespace arpline;
using fuzz::Bytes;

constexpr std::size_t kMostMessages = 64;
constexpr std::array<std::uint16_t, 13> kTypes{
    RTM_NEWLINK,  RTM_DELLINK,     RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE,
    RTM_NEWNEIGH, RTM_NEWNEIGHTBL, NLMSG_ERROR, NLMSG_DONE,  NLMSG_NOOP,
    RTM_NEWNSID,  RTM_NEWNETCONF,  16 /* generic netlink's own */};

/// The datagrams of an input, each with up to 3 messages of [type, flags, length (2), body].
class Kernel {
 public:
  static Kernel& one() {
    static Kernel kernel;
    return kernel;
  }
  void take(std::span<const std::uint8_t> input) {
    input_.assign(input.begin(), input.end());
    begin();
  }
  void begin() { left_.emplace(input_.data(), input_.size()), messages_ = 0; }
  void asked(std::uint32_t sequence) { sequence_ = sequence; }
  bool silent() const { return left_->empty() || messages_ >= kMostMessages; }

  /// Returns the next datagram, or the end of a dump after the last one.
  std::size_t say(void* room, std::size_t most) {
    Bytes out;
    if (silent()) append(out, NLMSG_DONE, 0, Bytes(4));
    for (int i = 0; i < 3 && !silent(); ++i) {
      ++messages_;
      const auto type = kTypes[left_->u8() % kTypes.size()];
      const auto flags = left_->u8();
      const auto body = left_->bytes(left_->u16() % 4096);
      append(out, type, flags, body);
    }
    const auto size = std::min(out.size(), most);
    std::memcpy(room, out.data(), size);
    return size;
  }

 private:
  void append(Bytes& out, std::uint16_t type, std::uint8_t flags, std::span<const std::uint8_t> body) const {
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + body.size());
    if ((flags & 1U) != 0) header.nlmsg_len += flags;  // longer than the datagram
    header.nlmsg_type = type;
    header.nlmsg_flags = (flags & 2U) != 0 ? NLM_F_DUMP_INTR : 0;
    header.nlmsg_seq = (flags & 4U) != 0 ? sequence_ + 1 : sequence_;
    header.nlmsg_pid = (flags & 8U) != 0 ? 1 : kNetlinkPort;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&header);
    out.insert(out.end(), bytes, bytes + sizeof header);
    out.insert(out.end(), body.begin(), body.end());
    out.resize(NLMSG_ALIGN(out.size()));
  }

  Bytes input_;
  std::optional<fuzz::Input> left_;
  std::size_t messages_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace

extern "C" {

ssize_t __wrap_mnl_socket_sendto(const mnl_socket*, const void* message, std::size_t bytes) {
  Kernel::one().asked(static_cast<const nlmsghdr*>(message)->nlmsg_seq);
  return static_cast<ssize_t>(bytes);
}
ssize_t __wrap_mnl_socket_recvfrom(const mnl_socket*, void* room, std::size_t most) {
  return static_cast<ssize_t>(Kernel::one().say(room, most));
}
int __wrap_mnl_socket_close(mnl_socket*) {
  return 0;
}
ssize_t __wrap_recvmsg(int, msghdr* header, int) {
  if (Kernel::one().silent()) {
    errno = EAGAIN;
    return -1;
  }
  header->msg_controllen = 0;
  return static_cast<ssize_t>(Kernel::one().say(header->msg_iov->iov_base, header->msg_iov->iov_len));
}
}

namespace {

// An allocation of exactly this size, so that the sanitizer detects an overread.
void read_event(const nlmsghdr& message) {
  const auto exact = std::make_unique<std::uint8_t[]>(message.nlmsg_len);
  std::memcpy(exact.get(), &message, message.nlmsg_len);
  const auto& copy = *reinterpret_cast<const nlmsghdr*>(exact.get());
  parse_link(copy);
  parse_address(copy);
}

void read_events() {
  RouteEvents events;
  events.read(kMostMessages, [](const nlmsghdr& message, std::optional<int>) { read_event(message); });
}

void dump_all(Netlink& route, unsigned which) {
  switch (which) {
    case 0:
      dump_links(route);
      return;
    case 1:
      dump_addresses(route, 5);
      return;
    case 2: {
      const auto routes = dump_routes(route, 16);
      REQUIRE(routes.size() <= 16);
      for (const auto& one : routes) gateway_of(routes, one.ifindex, one.gateway, one.prefix_bits % 33U);
      return;
    }
    case 3:
      dump_neighbours(route);
      return;
    case 4:
      neighbour_table(route);
      return;
    case 5:
      get_link(route, 5, 3);
      return;
    case 6:
      find_link(route, "nic0");
      return;
    case 7:
      rx_dropped(route, 3);
      return;
    case 8:
      xdp_features_of(3);
      return;
    default:
      read_events();
  }
}

/// A message in the format of an input.
class Message {
 public:
  Message(std::uint8_t type, const Bytes& header) : bytes_{type, 0, 0, 0} {
    bytes_.insert(bytes_.end(), header.begin(), header.end());
  }
  Message& attribute(std::uint16_t type, const Bytes& value) {
    const auto length = static_cast<std::uint16_t>(value.size() + 4);
    bytes_.push_back(static_cast<std::uint8_t>(length));
    bytes_.push_back(static_cast<std::uint8_t>(length >> 8U));
    bytes_.push_back(static_cast<std::uint8_t>(type));
    bytes_.push_back(static_cast<std::uint8_t>(type >> 8U));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    bytes_.resize(4 + (bytes_.size() - 4 + 3) / 4 * 4);
    return *this;
  }
  Bytes body() const { return {bytes_.begin() + 4, bytes_.end()}; }
  Bytes done() const {
    auto out = bytes_;
    const auto length = bytes_.size() - 4;
    out[2] = static_cast<std::uint8_t>(length);
    out[3] = static_cast<std::uint8_t>(length >> 8U);
    return out;
  }

 private:
  Bytes bytes_;
};

Bytes attributes(const std::vector<std::pair<std::uint16_t, Bytes>>& all) {
  Message message{0, {}};
  for (const auto& [type, value] : all) message.attribute(type, value);
  return message.body();
}

Bytes link_message() {
  const Bytes name{'n', 'i', 'c', '0', 0};
  const Bytes four{1, 2, 0, 0};
  const auto macvlan = attributes({{IFLA_INFO_KIND, {'m', 'a', 'c', 'v', 'l', 'a', 'n', 0}},
                                   {IFLA_INFO_DATA, attributes({{IFLA_MACVLAN_MODE, {4, 0, 0, 0}}})}});
  const auto inet = attributes({{AF_INET, attributes({{IFLA_INET_CONF, Bytes(128, 1)}})}});
  return Message{0, Bytes(sizeof(ifinfomsg))}
      .attribute(IFLA_IFNAME, name)
      .attribute(IFLA_PROP_LIST, attributes({{IFLA_ALT_IFNAME, name}}))
      .attribute(IFLA_ADDRESS, Bytes(6, 2))
      .attribute(IFLA_MTU, four)
      .attribute(IFLA_LINK, four)
      .attribute(IFLA_LINK_NETNSID, four)
      .attribute(IFLA_NEW_NETNSID, four)
      .attribute(IFLA_LINKINFO, macvlan)
      .attribute(IFLA_XDP, attributes({{IFLA_XDP_ATTACHED, {1}}, {IFLA_XDP_PROG_ID, four}}))
      .attribute(IFLA_AF_SPEC, inet)
      .attribute(IFLA_STATS64, Bytes(sizeof(rtnl_link_stats64), 3))
      .done();
}

Bytes vlan_message() {
  const auto vlan =
      attributes({{IFLA_INFO_KIND, {'v', 'l', 'a', 'n', 0}},
                  {IFLA_INFO_DATA, attributes({{IFLA_VLAN_ID, {100, 0}}, {IFLA_VLAN_PROTOCOL, {0x81, 0}}})}});
  return Message{0, Bytes(sizeof(ifinfomsg))}.attribute(IFLA_LINKINFO, vlan).done();
}

Bytes with_family(std::size_t bytes) {
  Bytes header(bytes);
  header[0] = AF_INET;
  return header;
}

}  // namespace

// The first byte of an input selects the reader; the rest is received.
std::vector<Bytes> fuzz::seeds() {
  const Bytes four{10, 0, 0, 5};
  auto route = with_family(sizeof(rtmsg));
  route[7] = RTN_UNICAST;
  route[4] = RT_TABLE_MAIN;
  const Bytes config(sizeof(ndt_config), 1);
  const std::vector<Bytes> messages{
      link_message(),
      vlan_message(),
      Message{2, with_family(sizeof(ifaddrmsg))}.attribute(IFA_LOCAL, four).done(),
      Message{4, route}.attribute(RTA_DST, four).attribute(RTA_GATEWAY, four).attribute(RTA_OIF, four).done(),
      Message{5, with_family(sizeof(ndmsg))}.attribute(NDA_DST, four).attribute(NDA_LLADDR, Bytes(6, 2)).done(),
      Message{6, with_family(sizeof(ndtmsg))}
          .attribute(NDTA_NAME, {'a', 'r', 'p', '_', 'c', 'a', 'c', 'h', 'e', 0})
          .attribute(NDTA_THRESH3, four)
          .attribute(NDTA_CONFIG, config)
          .done(),
      Message{7, {0xed, 0xff, 0xff, 0xff}}.done(),
      Message{10, Bytes(4)}.attribute(NETNSA_NSID, four).done()};
  std::vector<Bytes> all;
  for (std::uint8_t reader = 0; reader < 10; ++reader) {
    Bytes every{reader};
    for (const auto& message : messages) every.insert(every.end(), message.begin(), message.end());
    all.push_back(every);
  }
  all.push_back(
      bytes_of("\x0a"
               "5 nic0 1 0 3333ff000005\n3 nic0 1 0 01005e000001\n"));
  return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{data, size};
  const auto which = input.u8() % 11;
  const auto said = input.rest();
  if (which == 10) {
    std::istringstream text{std::string{reinterpret_cast<const char*>(said.data()), said.size()}};
    parse_groups(text, 5);
    return 0;
  }
  Kernel::one().take(said);
  try {
    Netlink route{NETLINK_ROUTE};
    dump_all(route, which);
  } catch (const SetupError& error) {
    REQUIRE(error.what()[0] != 0);
  }
  return 0;
}
