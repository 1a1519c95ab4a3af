// SPDX-License-Identifier: Apache-2.0
#include "fake_kernel.hpp"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/net_namespace.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace arpline::fake {
namespace {

class Message {
 public:
  Message(std::uint16_t type, std::uint16_t flags = 0) : header_(mnl_nlmsg_put_header(room_.data())) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = flags;
  }
  template <class T>
  T& extra() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(header_, sizeof(T)));
  }
  nlmsghdr* operator*() { return header_; }
  Bytes bytes() const { return {room_.begin(), room_.begin() + header_->nlmsg_len}; }

 private:
  alignas(nlmsghdr) std::array<std::uint8_t, 2048> room_{};
  nlmsghdr* header_;
};

Bytes error_message(int error) {
  Message message(NLMSG_ERROR);
  message.extra<nlmsgerr>().error = -error;
  return message.bytes();
}

Bytes done_message(std::uint16_t flags) {
  Message message(NLMSG_DONE, flags);
  message.extra<int>() = 0;
  return message.bytes();
}

struct Asked {
  std::optional<int> target;
  std::string kind;
  int ifindex = 0;
};

// f(attribute) for each in these bytes.
template <class F>
void each_attribute(const void* begin, std::size_t length, F&& f) {
  const auto* attribute = static_cast<const nlattr*>(begin);
  const auto* end = static_cast<const char*>(begin) + length;
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute))
    f(attribute);
}

template <class Header>
Asked read_request(const nlmsghdr& request, int target_attribute) {
  Asked asked;
  const auto* body = static_cast<const char*>(mnl_nlmsg_get_payload(&request));
  constexpr auto kSkip = MNL_ALIGN(sizeof(Header));
  each_attribute(body + kSkip, mnl_nlmsg_get_payload_len(&request) - kSkip, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == target_attribute)
      asked.target = static_cast<int>(mnl_attr_get_u32(attribute));
    if (request.nlmsg_type == RTM_GETLINK && mnl_attr_get_type(attribute) == IFLA_LINKINFO)
      each_attribute(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
                     [&](const nlattr* inner) { asked.kind = mnl_attr_get_str(inner); });
  });
  return asked;
}

}  // namespace

Kernel& Kernel::one() {
  static Kernel kernel;
  return kernel;
}

void Kernel::reset(std::string folder) {
  *this = {};
  folder_ = std::move(folder);
  auto& own = namespaces_[kOwn];
  own = {.number = kOwn, .inode = inodes_++, .nsid = std::nullopt, .path = {}, .links = {}};
  own.links.emplace(1, Link{.ifindex = 1, .name = "lo", .flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK});
  own.links.emplace(
      kParent, Link{.ifindex = kParent, .name = "eth0", .mac = 0x020000000002, .flags = IFF_UP | IFF_RUNNING});
}

const Namespace* Kernel::with_nsid(int nsid) const {
  for (const auto& [number, netns] : namespaces_)
    if (netns.nsid == nsid) return &netns;
  return nullptr;
}

const Namespace* Kernel::with_inode(std::uint64_t inode) const {
  for (const auto& [number, netns] : namespaces_)
    if (netns.inode == inode) return &netns;
  return nullptr;
}

const Namespace* Kernel::with_path(const std::string& path) const {
  for (const auto& [number, netns] : namespaces_)
    if (netns.path == path) return &netns;
  return nullptr;
}

int Kernel::id_of(std::uint64_t number) const {
  const auto at = namespaces_.find(number);
  return at == namespaces_.end() ? -1 : at->second.nsid.value_or(-1);
}

std::vector<std::pair<pid_t, std::uint64_t>> Kernel::processes() const {
  std::vector<std::pair<pid_t, std::uint64_t>> all{{1, own().inode}};
  for (const auto& [number, netns] : namespaces_)
    if (netns.pid != 0) all.emplace_back(netns.pid, netns.inode);
  return all;
}

// The lowest that is free, as idr_alloc() gives them.
int Kernel::assign_nsid(std::uint64_t number) {
  auto& netns = at(number);
  if (netns.nsid) return *netns.nsid;
  int nsid = 0;
  while (nsids_.contains(nsid)) ++nsid;
  nsids_.insert(nsid);
  netns.nsid = nsid;
  say_nsid(nsid, RTM_NEWNSID);
  return nsid;
}

// Of a namespace that has no id here nobody hears (net/netlink/af_netlink.c, do_one_broadcast).
void Kernel::say(const Namespace& netns, Bytes message) {
  if (netns.number == kOwn || netns.nsid)
    events_.push_back({std::move(message), netns.number == kOwn ? std::nullopt : netns.nsid});
}

void Kernel::say_link(const Namespace& netns, const Link& link) {
  say(netns, link_message(netns, link, RTM_NEWLINK, false));
}

void Kernel::say_nsid(int nsid, std::uint16_t type) {
  Message message(type);
  message.extra<rtgenmsg>().rtgen_family = AF_UNSPEC;
  mnl_attr_put_u32(*message, NETNSA_NSID, static_cast<std::uint32_t>(nsid));
  say(own(), message.bytes());
}

void Kernel::say_setting(const Namespace& netns, int ifindex) {
  Message message(RTM_NEWNETCONF);
  message.extra<netconfmsg>().ncm_family = AF_INET;
  mnl_attr_put_u32(*message, NETCONFA_IFINDEX,
                   static_cast<std::uint32_t>(ifindex == 0 ? NETCONFA_IFINDEX_ALL : ifindex));
  say(netns, message.bytes());
}

// An answer names the lower link's namespace by its id in the asking one, an event by that in the link's own: a
// small number that may be anybody's here.
Bytes Kernel::link_message(const Namespace& netns, const Link& link, std::uint16_t type, bool answer) const {
  Message message(type, answer ? NLM_F_MULTI : 0);
  auto& header = message.extra<ifinfomsg>();
  header.ifi_index = link.ifindex;
  header.ifi_flags = link.flags;
  mnl_attr_put_strz(*message, IFLA_IFNAME, link.name.c_str());
  std::array<std::uint8_t, 6> mac{};
  for (std::size_t i = 0; i < mac.size(); ++i) mac.at(i) = static_cast<std::uint8_t>(link.mac >> (8 * i));
  mnl_attr_put(*message, IFLA_ADDRESS, mac.size(), mac.data());
  mnl_attr_put_u32(*message, IFLA_MTU, 1500);
  mnl_attr_put_u32(*message, IFLA_CARRIER_UP_COUNT, link.carrier_ups);
  if (link.lower != 0) {
    mnl_attr_put_u32(*message, IFLA_LINK, static_cast<std::uint32_t>(link.lower));
    if (link.lower_netns != netns.number)
      mnl_attr_put_u32(*message, IFLA_LINK_NETNSID,
                       answer ? static_cast<std::uint32_t>(id_of(link.lower_netns)) : 0);
  }
  if (!link.kind.empty()) {
    auto* info = mnl_attr_nest_start(*message, IFLA_LINKINFO);
    mnl_attr_put_strz(*message, IFLA_INFO_KIND, link.kind.c_str());
    auto* data = mnl_attr_nest_start(*message, IFLA_INFO_DATA);
    if (link.kind == "vlan") {
      mnl_attr_put_u16(*message, IFLA_VLAN_ID, link.vlan_id);
      mnl_attr_put_u16(*message, IFLA_VLAN_PROTOCOL, htons(link.vlan_protocol));
    } else {
      mnl_attr_put_u32(*message, IFLA_MACVLAN_MODE, link.mode);
    }
    mnl_attr_nest_end(*message, data);
    mnl_attr_nest_end(*message, info);
  }
  auto* spec = mnl_attr_nest_start(*message, IFLA_AF_SPEC);
  auto* inet = mnl_attr_nest_start(*message, AF_INET);
  std::array<std::uint32_t, IPV4_DEVCONF_MAX - 1> settings{};
  settings.at(IPV4_DEVCONF_ARP_IGNORE - 1) = static_cast<std::uint32_t>(link.arp_ignore);
  settings.at(IPV4_DEVCONF_RP_FILTER - 1) = static_cast<std::uint32_t>(link.rp_filter);
  mnl_attr_put(*message, IFLA_INET_CONF, sizeof settings, settings.data());
  mnl_attr_nest_end(*message, inet);
  mnl_attr_nest_end(*message, spec);
  return message.bytes();
}

Bytes Kernel::address_message(const Link& link, const InterfaceAddress& address, std::uint16_t type) {
  Message message(type);
  auto& header = message.extra<ifaddrmsg>();
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = address.prefix_bits;
  header.ifa_index = static_cast<std::uint32_t>(link.ifindex);
  mnl_attr_put_u32(*message, IFA_ADDRESS, address.address);
  mnl_attr_put_u32(*message, IFA_LOCAL, address.address);
  return message.bytes();
}

std::uint64_t Kernel::add_namespace(bool mounted) {
  const auto number = ++numbers_;
  auto& netns = namespaces_[number];
  netns.number = number;
  // The kernel uses a dead namespace's inode again.
  if (free_inodes_.empty()) free_inodes_.insert(inodes_++);
  netns.inode = *free_inodes_.begin();
  free_inodes_.erase(free_inodes_.begin());
  netns.links.emplace(1, Link{.ifindex = 1, .name = "lo", .flags = IFF_LOOPBACK});
  if (mounted) {
    mount(number);
  } else {
    start_process(number);
  }
  return number;
}

void Kernel::mount(std::uint64_t number) {
  auto& netns = at(number);
  netns.path = folder_ + "/ns" + std::to_string(number);
  std::ofstream{netns.path};
}

void Kernel::unmount(std::uint64_t number) {
  unlink(at(number).path.c_str());
  at(number).path.clear();
}

void Kernel::start_process(std::uint64_t number) {
  at(number).pid = ++pids_;
}

void Kernel::end_process(std::uint64_t number) {
  at(number).pid = 0;
}

// Its id goes before its links do, so that nobody hears of those (net/core/net_namespace.c, cleanup_net).
void Kernel::destroy(std::uint64_t number) {
  auto& netns = at(number);
  if (!netns.path.empty()) unmount(number);
  if (netns.nsid) {
    say_nsid(*netns.nsid, RTM_DELNSID);
    nsids_.erase(*netns.nsid);
  }
  free_inodes_.insert(netns.inode);
  namespaces_.erase(number);
}

int Kernel::free_ifindex(const Namespace& netns) const {
  int ifindex = 1;
  while (netns.links.contains(ifindex)) ++ifindex;
  return ifindex;
}

// Made in another namespace, all that the lower link's own hears is that nothing has changed about that.
int Kernel::add_child(std::uint64_t number, int lower, const std::string& kind) {
  auto& netns = at(number);
  const auto ifindex = free_ifindex(netns);
  const auto& link = netns.links
                         .emplace(ifindex, Link{.ifindex = ifindex,
                                                .name = kind + std::to_string(ifindex),
                                                .kind = kind,
                                                .mac = 0x020000000100U + ++macs_,
                                                .lower = lower,
                                                .lower_netns = kOwn,
                                                .addresses = {}})
                         .first->second;
  say_link(netns, link);
  if (number != kOwn) say_link(own(), own().links.at(lower));
  return ifindex;
}

void Kernel::add_inner_child(std::uint64_t number) {
  auto& netns = at(number);
  const auto ifindex = free_ifindex(netns);
  say_link(netns, netns.links
                      .emplace(ifindex, Link{.ifindex = ifindex,
                                             .name = "inner" + std::to_string(ifindex),
                                             .kind = "macvlan",
                                             .mac = 0x020000000100U + ++macs_,
                                             .lower = 1,
                                             .lower_netns = number,
                                             .addresses = {}})
                      .first->second);
}

int Kernel::add_vlan(std::uint16_t id, std::uint16_t protocol) {
  auto& netns = at(kOwn);
  const auto ifindex = free_ifindex(netns);
  const auto& parent = netns.links.at(kParent);
  say_link(netns, netns.links
                      .emplace(ifindex, Link{.ifindex = ifindex,
                                             .name = "vlan" + std::to_string(id),
                                             .kind = "vlan",
                                             .mac = parent.mac,
                                             .flags = IFF_UP | IFF_RUNNING,
                                             .lower = kParent,
                                             .lower_netns = kOwn,
                                             .vlan_id = id,
                                             .vlan_protocol = protocol,
                                             .addresses = {}})
                      .first->second);
  return ifindex;
}

void Kernel::flush_addresses(Namespace& netns, Link& link) {
  for (const auto& address : link.addresses) say(netns, address_message(link, address, RTM_DELADDR));
  link.addresses.clear();
}

void Kernel::remove_link(std::uint64_t number, int ifindex) {
  auto& netns = at(number);
  auto& link = netns.links.at(ifindex);
  flush_addresses(netns, link);
  say(netns, link_message(netns, link, RTM_DELLINK, false));
  netns.links.erase(ifindex);
}

// As __dev_change_net_namespace() says it: down, without its addresses, gone with its new number, there.
int Kernel::move(std::uint64_t from, int ifindex, std::uint64_t to) {
  auto& source = at(from);
  auto& target = at(to);
  Link link = source.links.at(ifindex);
  link.flags &= ~static_cast<unsigned>(IFF_UP | IFF_RUNNING);
  say_link(source, link);
  flush_addresses(source, link);
  const int their_id = from == kOwn ? assign_nsid(to) : 0;
  const int there = target.links.contains(ifindex) ? free_ifindex(target) : ifindex;
  auto bytes = link_message(source, link, RTM_DELLINK, false);
  bytes.resize(2048);
  auto* gone = reinterpret_cast<nlmsghdr*>(bytes.data());
  mnl_attr_put_u32(gone, IFLA_NEW_NETNSID, static_cast<std::uint32_t>(their_id));
  mnl_attr_put_u32(gone, IFLA_NEW_IFINDEX, static_cast<std::uint32_t>(there));
  bytes.resize(gone->nlmsg_len);
  say(source, std::move(bytes));
  source.links.erase(ifindex);
  link.ifindex = there;
  say_link(target, target.links.emplace(there, link).first->second);
  return there;
}

void Kernel::change(std::uint64_t number, int ifindex, const std::function<void(Link&)>& how) {
  auto& netns = at(number);
  auto& link = netns.links.at(ifindex);
  how(link);
  say_link(netns, link);
}

void Kernel::add_address(std::uint64_t number, int ifindex, InterfaceAddress address) {
  auto& netns = at(number);
  auto& link = netns.links.at(ifindex);
  if (std::ranges::find(link.addresses, address) != link.addresses.end()) return;
  link.addresses.push_back(address);
  say(netns, address_message(link, address, RTM_NEWADDR));
}

void Kernel::remove_address(std::uint64_t number, int ifindex, InterfaceAddress address) {
  auto& netns = at(number);
  auto& link = netns.links.at(ifindex);
  if (std::erase(link.addresses, address) > 0) say(netns, address_message(link, address, RTM_DELADDR));
}

void Kernel::set_rp_filter(std::uint64_t number, int ifindex, int value) {
  auto& netns = at(number);
  (ifindex == 0 ? netns.rp_filter : netns.links.at(ifindex).rp_filter) = value;
  say_setting(netns, ifindex);
}

void Kernel::set_arp_ignore(std::uint64_t number, int ifindex, int value) {
  auto& netns = at(number);
  (ifindex == 0 ? netns.arp_ignore : netns.links.at(ifindex).arp_ignore) = value;
}

void Kernel::say_bridge_port_gone(int ifindex) {
  Message message(RTM_DELLINK);
  auto& header = message.extra<ifinfomsg>();
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = ifindex;
  mnl_attr_put_strz(*message, IFLA_IFNAME, own().links.at(ifindex).name.c_str());
  say(own(), message.bytes());
}

void Kernel::lose_events() {
  events_.clear();
  overrun_ = true;
}

bool Kernel::next_event(Bytes& bytes, std::optional<int>& nsid) {
  if (std::exchange(overrun_, false)) {
    errno = ENOBUFS;
    return false;
  }
  if (events_.empty()) {
    errno = EAGAIN;
    return false;
  }
  bytes = std::move(events_.front().bytes);
  nsid = events_.front().nsid;
  events_.pop_front();
  return true;
}

std::vector<Bytes> Kernel::answer(const Bytes& bytes, std::uint32_t port) {
  meanwhile();
  const auto& request = *reinterpret_cast<const nlmsghdr*>(bytes.data());
  const bool links = request.nlmsg_type == RTM_GETLINK;
  const bool dump = (request.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  auto asked = links ? read_request<ifinfomsg>(request, IFLA_TARGET_NETNSID)
                     : read_request<ifaddrmsg>(request, IFA_TARGET_NETNSID);
  const auto* body = mnl_nlmsg_get_payload(&request);
  asked.ifindex = links ? static_cast<const ifinfomsg*>(body)->ifi_index
                        : static_cast<int>(static_cast<const ifaddrmsg*>(body)->ifa_index);
  const auto* netns = asked.target ? with_nsid(*asked.target) : &own();
  std::vector<Bytes> answers;
  if (netns == nullptr) {
    answers.push_back(error_message(EINVAL));
  } else if (asked.ifindex != 0 && !netns->links.contains(asked.ifindex)) {
    answers.push_back(error_message(ENODEV));
  } else {
    for (const auto& [ifindex, link] : netns->links) {
      if (asked.ifindex != 0 && ifindex != asked.ifindex) continue;
      if (links && (asked.kind.empty() || asked.kind == link.kind))
        answers.push_back(link_message(*netns, link, RTM_NEWLINK, true));
      if (!links)
        for (const auto& address : link.addresses)
          answers.push_back(address_message(link, address, RTM_NEWADDR));
    }
    const bool interrupted = dump && ++dumps_ % 100 < interrupted_percent;
    answers.push_back(dump ? done_message(interrupted ? NLM_F_DUMP_INTR : 0) : error_message(0));
  }
  for (auto& one : answers) {
    auto& header = *reinterpret_cast<nlmsghdr*>(one.data());
    header.nlmsg_seq = request.nlmsg_seq;
    header.nlmsg_pid = port;
  }
  meanwhile();
  return answers;
}

}  // namespace arpline::fake
