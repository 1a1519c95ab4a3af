// SPDX-License-Identifier: Apache-2.0
#include "kernel/ethtool.hpp"

#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "kernel/netlink.hpp"

namespace arpline {
namespace {

// include/uapi/linux/netdev.h (Linux 6.3 and later).
constexpr std::uint8_t kNetdevCmdDevGet = 1;
constexpr std::uint16_t kNetdevADevIfindex = 1;
constexpr std::uint16_t kNetdevADevXdpFeatures = 3;

template <class T>
bool ask(int socket, const std::string& interface, T& command) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&command);
  return ioctl(socket, SIOCETHTOOL, &request) == 0;
}

std::optional<std::uint16_t> family_id(Netlink& generic, const char* name) {
  NetlinkRequest request{GENL_ID_CTRL};
  auto& header = request.header<genlmsghdr>();
  header.cmd = CTRL_CMD_GETFAMILY;
  header.version = 1;
  request.put_string(CTRL_ATTR_FAMILY_NAME, name);
  std::optional<std::uint16_t> id;
  generic.try_request(request, [&id](const nlmsghdr& message) {
    for_each_attribute(message, sizeof(genlmsghdr), [&id](const nlattr& attribute, int type) {
      if (type == CTRL_ATTR_FAMILY_ID) id = attribute_u16(attribute);
    });
  });
  return id;
}

}  // namespace

DriverInfo driver_info(const std::string& interface) {
  const Fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) throw_errno("opening a socket for ethtool", errno);
  DriverInfo info;
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  if (ask(socket.get(), interface, driver))
    info.name.assign(driver.driver, strnlen(driver.driver, sizeof driver.driver));
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (ask(socket.get(), interface, channels)) {
    info.rx_queues = std::max(1U, channels.rx_count + channels.combined_count);
    info.tx_queues = std::max(1U, channels.tx_count + channels.combined_count);
  }
  ethtool_value flags{};
  flags.cmd = ETHTOOL_GFLAGS;
  if (ask(socket.get(), interface, flags)) info.rx_vlan_offload = (flags.data & ETH_FLAG_RXVLAN) != 0;
  return info;
}

std::optional<std::uint64_t> xdp_features_of(int ifindex) {
  Netlink generic{NETLINK_GENERIC};
  const auto family = family_id(generic, "netdev");
  if (!family) return std::nullopt;
  NetlinkRequest request{*family};
  auto& header = request.header<genlmsghdr>();
  header.cmd = kNetdevCmdDevGet;
  header.version = 1;
  request.put_u32(kNetdevADevIfindex, static_cast<std::uint32_t>(ifindex));
  std::optional<std::uint64_t> features;
  generic.try_request(request, [&features](const nlmsghdr& message) {
    for_each_attribute(message, sizeof(genlmsghdr), [&features](const nlattr& attribute, int type) {
      if (type == kNetdevADevXdpFeatures) features = attribute_u64(attribute);
    });
  });
  return features;
}

}  // namespace arpline
