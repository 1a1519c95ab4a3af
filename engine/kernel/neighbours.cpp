// SPDX-License-Identifier: Apache-2.0
#include "kernel/neighbours.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "base/fd.hpp"

namespace arpline {
namespace {

// The kernel fills a message up to the size of the reader's buffer, but not beyond 32 KiB.
constexpr std::size_t kReceiveBytes = 32UL * 1024;

// Copies a struct that older kernels have shorter; missing fields are 0.
template <class T>
T copied(const nlattr& attribute) {
  T value{};
  std::memcpy(&value, mnl_attr_get_payload(&attribute),
              std::min<std::size_t>(sizeof value, mnl_attr_get_payload_len(&attribute)));
  return value;
}

std::optional<NeighbourTable> parse_neighbour_table(const nlmsghdr& message) {
  NeighbourTable table;
  bool arp = false;
  bool whole = false;  // the messages about single devices have no NDTA_CONFIG
  for_each_attribute(message, sizeof(ndtmsg), [&](const nlattr& attribute, int type) {
    if (type == NDTA_NAME) arp = attribute_string(attribute) == "arp_cache";
    if (type == NDTA_THRESH2) table.soft_limit = attribute_u32(attribute).value_or(0);
    if (type == NDTA_THRESH3) table.limit = attribute_u32(attribute).value_or(0);
    if (type == NDTA_STATS) {
      const auto stats = copied<ndt_stats>(attribute);
      table.cleanings = stats.ndts_forced_gc_runs;
      table.refused = stats.ndts_table_fulls;
    }
    if (type != NDTA_CONFIG) return;
    table.entries = copied<ndt_config>(attribute).ndtc_entries;
    whole = true;
  });
  if (!arp || !whole) return std::nullopt;
  return table;
}

bool is_exempt(const ndmsg& entry) {
  return (entry.ndm_state & NUD_PERMANENT) != 0 || (entry.ndm_flags & NTF_EXT_LEARNED) != 0;
}

// A socket of its own, which may be closed before the dump has ended.
Fd ask_for_neighbours() {
  struct {
    nlmsghdr header;
    ndmsg entry;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETNEIGH;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.entry.ndm_family = AF_INET;
  Fd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  if (!socket || send(socket.get(), &request, sizeof request, 0) != sizeof request) return {};
  return socket;
}

}  // namespace

std::optional<NeighbourTable> neighbour_table(Netlink& route) {
  NetlinkRequest request{RTM_GETNEIGHTBL};
  request.header<ndtmsg>().ndtm_family = AF_INET;
  std::optional<NeighbourTable> table;
  const int error = route.try_dump(request, [&](const nlmsghdr& message) {
    if (const auto found = parse_neighbour_table(message)) table = found;
  });
  return error == 0 ? table : std::nullopt;
}

std::uint64_t counted_entries(const NeighbourTable& table, std::uint64_t exempt) noexcept {
  return table.entries - std::min<std::uint64_t>(table.entries, exempt);
}

std::optional<NeighbourCount> count_neighbours(std::size_t most) {
  const Fd socket = ask_for_neighbours();
  if (!socket) return std::nullopt;
  NeighbourCount count;
  std::size_t seen = 0;
  alignas(nlmsghdr) std::array<char, kReceiveBytes> buffer;
  while (seen < most) {
    const auto received = recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return std::nullopt;
    int left = static_cast<int>(received);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); is_whole(message, left);
         message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_type == NLMSG_ERROR) return std::nullopt;
      if (message->nlmsg_type == NLMSG_DONE) return count;
      if (message->nlmsg_type != RTM_NEWNEIGH) continue;
      const auto& entry = *static_cast<const ndmsg*>(mnl_nlmsg_get_payload(message));
      ++seen;
      if (is_exempt(entry)) {
        ++count.exempt;
      } else {
        ++count.counted[entry.ndm_ifindex];
      }
    }
  }
  return count;
}

}  // namespace arpline
