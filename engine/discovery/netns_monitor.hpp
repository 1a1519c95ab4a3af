// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "discovery/netns_dump.hpp"
#include "discovery/netns_folders.hpp"
#include "discovery/netns_scan.hpp"
#include "discovery/own_links.hpp"
#include "endpoints/history.hpp"
#include "kernel/route_events.hpp"

namespace arpline {

/// Who is told what a NetnsMonitor learns. Called from within the NetnsMonitor's own functions.
class NetnsObserver {
 public:
  virtual ~NetnsObserver() = default;
  /// In the order in which it was heard; before the on_children() that follows from it.
  virtual void on_interface_event(const InterfaceEvent& event) = 0;
  /// All children in one namespace, on whatever parent; empty when there are none any more. heard_at: when the
  /// first event that it follows from was received.
  virtual void on_children(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at) = 0;
  /// No more on_children() for now.
  virtual void on_children_told() = 0;
  /// The host's own namespace has other addresses now, or answers otherwise for them.
  virtual void on_host_addresses(std::uint64_t heard_at) = 0;
  /// A link of the own namespace has come, gone or changed.
  virtual void on_own_links() = 0;
  /// Something has changed about a link that is no macvlan; nsid: none for the own namespace.
  virtual void on_link(std::optional<int>, int) {}
};

/// Knows the macvlan and macvtap interfaces of every reachable network namespace, and learns of a change by
/// events. What an event takes away is taken away at once; what it brings is read from the kernel before it
/// counts. Everything is looked at again every kReconcileNs, a slice at a time, and after events were lost.
/// Belongs to the network namespace of the thread that makes it, and is for that thread.
class NetnsMonitor {
 public:
  static constexpr std::uint64_t kReconcileNs = 30'000'000'000;
  /// net.ipv4.conf.all tells nothing when it changes, and finding it in /proc/sys costs as much as all the
  /// rest.
  static constexpr std::uint64_t kSettingsNs = 120'000'000'000;
  static constexpr std::uint64_t kSliceNs = 2'000'000;
  /// So many ticks the reconcile waits while events come: a dump may have to wait for the kernel's lock of all
  /// links, and the events behind it with it.
  static constexpr unsigned kMostPutOff = 8;
  /// An interface with more addresses is not read anew for each that comes: what its events say counts.
  static constexpr std::size_t kMostReadAnew = 256;
  /// What a namespace gains is told at most so much of the time: one that costs much is told more seldom. What
  /// it loses is told at once.
  static constexpr std::uint64_t kRest = 8;
  static constexpr std::uint64_t kLongestRestNs = 500'000'000;
  static constexpr std::size_t kMostHostNames = 4096;

  /// more_folders: where else runtimes keep namespaces. Throws SetupError.
  NetnsMonitor(NetnsObserver& observer, const std::vector<std::string>& more_folders);

  /// For epoll.
  int events_fd() const noexcept { return events_.fd(); }
  int places_fd() const noexcept { return places_.fd(); }

  /// Looks at everything, however long it takes. Throws SetupError.
  void look();
  /// Takes in what has been received and goes on with what was put off, for about a slice. Throws SetupError.
  void work();
  /// When work() wants to be called again without an event, in milliseconds; -1: never.
  int patience_ms() const;
  /// To be called every `interval_ns`: keeps the reconcile going.
  void tick(std::uint64_t interval_ns);
  /// There may be a namespace that nobody knows.
  void hint() noexcept { search_.request(); }

  const OwnLinks& links() const noexcept { return links_; }
  /// What the host's kernel itself answers for on this parent's wire.
  HostAddresses host_addresses(int parent) const;
  /// All children on this parent that are known now.
  std::vector<Interface> children_on(int parent) const;
  std::size_t namespaces() const noexcept { return known_.size(); }
  /// All that are known now.
  std::vector<Netns> all_netns() const;
  /// Opens a known namespace for one operation: an open descriptor keeps a dead container alive. Empty when it
  /// is gone, or when there is no way into it.
  Fd open(int nsid) const;

 private:
  using Pending = std::map<InterfaceAddress, bool, AddressLess>;  // true: it has come
  struct Known {
    ReachableNetns ways;
    NetnsArpSettings all;
    std::uint64_t settings_at = 0;  ///< when `all` was read; 0: it is to be read anew
    Children children;
    std::map<int, Pending> pending;  // by ifindex: what the events have said since `children` was read
    ForeignText name;
    std::uint64_t rests_until = 0;
  };
  using Stale = std::map<int, std::uint64_t>;                          // nsid → heard at
  using StaleChildren = std::map<std::pair<int, int>, std::uint64_t>;  // nsid, ifindex → heard at

  static void fold(Known& known);
  static bool has(const Known& known, const Child& child, const InterfaceAddress& address);
  static std::pair<int, int> next_child(const StaleChildren& stale, int after);
  void on_host_address(const LinkAddress& address, bool added);
  void read_host_addresses();
  void take_children(int nsid, Known& known, Children children);
  bool is_own(int nsid) const noexcept { return nsid == own_nsid_; }
  DumpedNetns dumped(int nsid) const noexcept { return {.nsid = nsid, .own = is_own(nsid)}; }
  Netns described(int nsid, const Known& known) const;
  std::vector<Interface> placed(int nsid, const Known& known) const;

  void on_message(const nlmsghdr& message, int nsid);
  void on_link(const nlmsghdr& message, int nsid);
  void on_own_link(const LinkRecord& link, bool deleted);
  void on_link_gone(const LinkRecord& link, int nsid);
  void on_child_link(Known& known, const LinkRecord& link, int nsid);
  void on_address(const nlmsghdr& message, int nsid);
  void on_settings(const nlmsghdr& message, int nsid);
  void on_nsid(const nlmsghdr& message);

  void read_events();
  void everything_is_stale();
  void read_own_links();
  void meet(const ReachableNetns& found);
  Known& know(int nsid, bool has_way = false);
  void forget(int nsid);
  void forget_ways(int nsid, Known& known);
  void refresh_child(int nsid, int ifindex, std::uint64_t heard_at);
  bool misses(int nsid, const Children& found) const;
  void refresh_netns(int nsid, std::uint64_t heard_at);
  void refresh_ways(Known& known, int nsid);
  void refresh(std::uint64_t until);
  static void earliest(Stale& marks, int nsid, std::uint64_t at);
  /// `lost`: what is answered for is no longer true.
  void changed(int nsid, std::uint64_t heard_at, bool lost = true) {
    earliest(changed_, nsid, heard_at);
    if (lost) losing_.insert(nsid);
  }
  void report_event(int nsid, int ifindex, InterfaceEventKind what, Ipv4 address = 0);
  void publish();
  void tell(int nsid, std::uint64_t heard_at);
  int rest_ms(std::uint64_t now) const;

  NetnsObserver& observer_;
  Netlink route_;
  int own_nsid_ = -1;
  RouteEvents events_;
  NetnsFolders places_;
  NetnsScan search_;
  OwnLinks links_;
  std::map<int, Known> known_;  // by nsid
  std::map<std::uint64_t, int> nsid_of_inode_;
  Stale stale_;
  StaleChildren stale_children_;
  Stale changed_;
  std::set<int> losing_;                                                   // of those
  std::map<int, std::set<InterfaceAddress, AddressLess>> host_addresses_;  // by ifindex
  std::map<std::pair<int, int>, ForeignText> host_names_;                  // nsid, ifindex → its name before
  int last_child_ = -1;                                                    // the namespace that had its turn
  int last_netns_ = -1;                                                    // likewise
  std::optional<std::uint64_t> host_changed_;
  bool own_links_changed_ = false;
  bool overrun_ = false;
  bool busy_ = false;           // events have come since the last tick
  unsigned put_off_ = 0;        // ticks in a row
  std::uint64_t now_ = 0;       // when the message under work was received
  std::uint64_t cycle_ns_ = 0;  // how much of the reconcile's time has gone
  int cursor_ = -1;             // the nsid that it has come to
};

}  // namespace arpline
