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
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "kernel/netlink.hpp"

namespace arpline {
namespace {

// include/uapi/linux/netdev.h (Linux 6.3 and later).
constexpr std::uint8_t kNetdevCmdDevGet = 1;
constexpr std::uint16_t kNetdevADevIfindex = 1;
constexpr std::uint16_t kNetdevADevXdpFeatures = 3;

constexpr std::uint32_t kMostFeatures = 1024;

template <class T>
bool ask(int socket, const ForeignText& interface, T& command) {
  ifreq request{};
  interface.raw().copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&command);
  return ioctl(socket, SIOCETHTOOL, &request) == 0;
}

// Looks up a feature by name, because the kernel's features have no fixed numbers.
std::optional<bool> feature(int socket, const ForeignText& interface, std::string_view name) {
  // The kernel's structs end in an array without a length, so each needs memory of its own size.
  std::vector<std::uint32_t> counted(sizeof(ethtool_sset_info) / 4 + 1);
  auto& set = *reinterpret_cast<ethtool_sset_info*>(counted.data());
  set.cmd = ETHTOOL_GSSET_INFO;
  set.sset_mask = 1ULL << ETH_SS_FEATURES;
  if (!ask(socket, interface, set) || set.sset_mask == 0) return std::nullopt;
  const auto count = set.data[0];
  if (count > kMostFeatures) return std::nullopt;
  const auto blocks = (count + 31) / 32;
  std::vector<std::uint32_t> names((sizeof(ethtool_gstrings) + std::size_t{count} * ETH_GSTRING_LEN) / 4 + 1);
  auto& strings = *reinterpret_cast<ethtool_gstrings*>(names.data());
  strings.cmd = ETHTOOL_GSTRINGS;
  strings.string_set = ETH_SS_FEATURES;
  strings.len = count;
  std::vector<std::uint32_t> words(sizeof(ethtool_gfeatures) / 4 +
                                   blocks * sizeof(ethtool_get_features_block) / 4);
  auto& features = *reinterpret_cast<ethtool_gfeatures*>(words.data());
  features.cmd = ETHTOOL_GFEATURES;
  features.size = blocks;
  if (!ask(socket, interface, strings) || !ask(socket, interface, features)) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto* text = reinterpret_cast<const char*>(strings.data) + std::size_t{i} * ETH_GSTRING_LEN;
    if (std::string_view{text, strnlen(text, ETH_GSTRING_LEN)} == name)
      return (features.features[i / 32].active >> i % 32 & 1U) != 0;
  }
  return std::nullopt;
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

DriverInfo driver_info(const ForeignText& interface) {
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
  info.rx_stag_offload = feature(socket.get(), interface, "rx-vlan-stag-hw-parse");
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
