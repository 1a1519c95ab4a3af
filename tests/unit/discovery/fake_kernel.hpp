// SPDX-License-Identifier: Apache-2.0
// A small Linux for who discovers macvlans: namespaces with links and addresses, what rtnetlink says of them,
// /proc and the files of nsfs. Sockets, clock and nsfs are replaced by the linker; the code that asks is the
// daemon's own.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "endpoints/model.hpp"

namespace arpline::fake {

using Bytes = std::vector<std::uint8_t>;

struct Link {
  int ifindex = 0;
  std::string name;
  std::string kind;  ///< "macvlan", "macvtap", "vlan", "" for hardware
  Mac mac = 0;
  unsigned flags = 0;
  int lower = 0;                ///< 0: none
  std::uint64_t lower_netns{};  ///< its namespace's number, where lower is not 0
  std::uint32_t mode = 4;
  std::uint16_t vlan_id = 0;
  std::uint16_t vlan_protocol = 0x8100;
  std::uint32_t carrier_ups = 1;
  int arp_ignore = 0;
  int rp_filter = 0;
  std::vector<InterfaceAddress> addresses;  ///< as they came: so Linux lists them

  bool is_child() const { return kind == "macvlan" || kind == "macvtap"; }
};

struct Namespace {
  std::uint64_t number = 0;  ///< the test's own: never used again
  std::uint64_t inode = 0;
  std::optional<int> nsid;  ///< that the own namespace has for it
  std::string path;         ///< where it is mounted; empty: nowhere
  pid_t pid = 0;            ///< of a process in it; 0: none
  int arp_ignore = 0;       ///< net.ipv4.conf.all
  int rp_filter = 0;
  std::map<int, Link> links;
};

class Kernel {
 public:
  static constexpr int kParent = 2;  ///< in the own namespace: eth0
  static constexpr std::uint64_t kOwn = 1;

  static Kernel& one();
  /// Anew: the own namespace with lo and eth0. `folder`: where namespaces are mounted.
  void reset(std::string folder);

  // Changes of the kernel's state. Listeners get the events that Linux sends for them.
  std::uint64_t add_namespace(bool mounted);
  void destroy(std::uint64_t netns);
  int add_child(std::uint64_t netns, int lower, const std::string& kind = "macvlan");
  /// One that stands on an interface of the same namespace.
  void add_inner_child(std::uint64_t netns);
  int add_vlan(std::uint16_t id, std::uint16_t protocol = 0x8100);
  void remove_link(std::uint64_t netns, int ifindex);
  /// Returns its number there.
  int move(std::uint64_t from, int ifindex, std::uint64_t to);
  void change(std::uint64_t netns, int ifindex, const std::function<void(Link&)>& how);
  void add_address(std::uint64_t netns, int ifindex, InterfaceAddress address);
  void remove_address(std::uint64_t netns, int ifindex, InterfaceAddress address);
  /// net.ipv4.conf.INTERFACE or, with ifindex 0, of all. Linux tells of rp_filter, not of arp_ignore.
  void set_rp_filter(std::uint64_t netns, int ifindex, int value);
  void set_arp_ignore(std::uint64_t netns, int ifindex, int value);
  /// A bridge speaks of a port that it has had.
  void say_bridge_port_gone(int ifindex);
  /// Drops the queued events, as when the socket's buffer overflows.
  void lose_events();
  void mount(std::uint64_t netns);
  void unmount(std::uint64_t netns);
  void start_process(std::uint64_t netns);
  void end_process(std::uint64_t netns);

  const std::map<std::uint64_t, Namespace>& namespaces() const { return namespaces_; }
  const Namespace& own() const { return namespaces_.at(kOwn); }
  Namespace& at(std::uint64_t netns) { return namespaces_.at(netns); }
  bool quiet() const { return events_.empty() && !overrun_; }

  /// Called before and after each answer to a request: what happens then races with it.
  std::function<void()> meanwhile = [] {};
  /// Of a hundred dumps so many are marked as interrupted by a change.
  unsigned interrupted_percent = 0;
  Duration clock = 1s;

  // Called by the functions that the linker puts in Linux' place.
  std::vector<Bytes> answer(const Bytes& request, std::uint32_t port);
  /// False: nothing to be read; errno says why.
  bool next_event(Bytes& bytes, std::optional<int>& nsid);
  const Namespace* with_inode(std::uint64_t inode) const;
  const Namespace* with_path(const std::string& path) const;
  int assign_nsid(std::uint64_t netns);
  std::vector<std::pair<pid_t, std::uint64_t>> processes() const;

 private:
  struct Event {
    Bytes bytes;
    std::optional<int> nsid;
  };

  Bytes link_message(const Namespace& netns, const Link& link, std::uint16_t type, bool answer) const;
  static Bytes address_message(const Link& link, const InterfaceAddress& address, std::uint16_t type);
  void say(const Namespace& netns, Bytes message);
  void say_link(const Namespace& netns, const Link& link);
  void say_nsid(int nsid, std::uint16_t type);
  void say_setting(const Namespace& netns, int ifindex);
  void flush_addresses(Namespace& netns, Link& link);
  const Namespace* with_nsid(int nsid) const;
  int id_of(std::uint64_t netns) const;
  int free_ifindex(const Namespace& netns) const;

  std::string folder_;
  std::map<std::uint64_t, Namespace> namespaces_;
  std::set<int> nsids_;
  std::set<std::uint64_t> free_inodes_;
  std::uint64_t numbers_ = kOwn;
  std::uint64_t inodes_ = 1000;
  pid_t pids_ = 100;
  unsigned macs_ = 0;
  unsigned dumps_ = 0;
  std::deque<Event> events_;
  bool overrun_ = false;
};

}  // namespace arpline::fake
