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

/// Receives the changes that a NetnsMonitor finds. Called only from within its look() and work().
class NetnsObserver {
 public:
  virtual ~NetnsObserver() = default;
  /// Called in the order in which the events were received, and before the on_children() that results from the
  /// event.
  virtual void on_interface_event(const InterfaceEvent& event) = 0;
  /// All children in one namespace, on any parent; empty when the last one is gone. `heard_at`: when the first
  /// event that led to this call was received.
  virtual void on_children(int nsid, const std::vector<Interface>& children, Instant heard_at) = 0;
  /// Ends a round of on_children() calls.
  virtual void on_children_told() = 0;
  /// The addresses of the host's own namespace have changed, or the settings by which its kernel answers for
  /// them.
  virtual void on_host_addresses(Instant heard_at) = 0;
  /// A link of the own namespace has come, gone or changed.
  virtual void on_own_links() = 0;
  /// A link that is no macvlan has changed; nsid: nullopt for the own namespace.
  virtual void on_link(std::optional<int>, int) {}
};

/// Follows the macvlan and macvtap interfaces of every reachable network namespace by rtnetlink events. A loss
/// counts as soon as its event is received; a gain counts only once it has been read from the kernel.
/// Everything is read again every kReconcile, a slice at a time, and after events were lost. It works for the
/// network namespace of the thread that constructs it; all calls from that thread.
class NetnsMonitor {
 public:
  static constexpr Duration kReconcile = 30s;
  /// Period of reading net.ipv4.conf.all: not every change of it raises an event, and reading it from /proc/sys
  /// costs as much as the rest of the reconcile.
  static constexpr Duration kSettings = 120s;
  static constexpr Duration kSlice = 2ms;
  /// Ticks by which events may put the reconcile off: its dump may have to wait for the kernel's RTNL lock, and
  /// the events behind it would wait too.
  static constexpr unsigned kMostPutOff = 8;
  /// An interface with more addresses is not read again for each new one: its events are trusted instead.
  static constexpr std::size_t kMostReadAnew = 256;
  /// After a report of a namespace's gains, the next one waits kRest times as long as that report took, at most
  /// kLongestRest. Losses are reported at once.
  static constexpr Duration::rep kRest = 8;
  static constexpr Duration kLongestRest = 500ms;
  static constexpr std::size_t kMostHostNames = 4096;

  /// `more_folders`: where runtimes keep namespaces, beside the built-in folders. Throws SetupError.
  NetnsMonitor(NetnsObserver& observer, const std::vector<std::string>& more_folders);

  /// Descriptors for epoll; work() reads both.
  int events_fd() const noexcept { return events_.fd(); }
  int folders_fd() const noexcept { return folders_.fd(); }

  /// Reads everything, however long it takes. Throws SetupError.
  void look();
  /// Handles the events that have been received and continues the work that was put off, for about kSlice.
  /// Throws SetupError.
  void work();
  /// Time until work() has to be called even without an event, in milliseconds; -1: never.
  int patience_ms() const;
  /// Keeps the reconcile going. To be called every `interval`.
  void tick(Duration interval);
  /// Requests a scan for a namespace that is not known yet.
  void hint() noexcept { scan_.request(); }

  const OwnLinks& links() const noexcept { return links_; }
  /// The addresses that the host's own kernel answers for on this parent's wire.
  HostAddresses host_addresses(int parent) const;
  /// All known children on this parent.
  std::vector<Interface> children_on(int parent) const;
  std::size_t namespaces() const noexcept { return known_.size(); }
  /// All known namespaces.
  std::vector<Netns> all_netns() const;
  /// Opens a known namespace for one operation: an open descriptor keeps a dead container's namespace alive.
  /// Empty when the namespace is gone, or when it can't be entered.
  Fd open(int nsid) const;

 private:
  using Pending = std::map<InterfaceAddress, bool, AddressLess>;  // true: added; false: removed
  struct Known {
    ReachableNetns access;
    NetnsArpSettings all;
    Instant settings_at = kNoTime;  ///< when `all` was read; kNoTime: it has to be read again
    Children children;
    std::map<int, Pending> pending;  // by ifindex: changes that events reported since `children` was read
    ForeignText name;
    Instant rests_until = kNoTime;
  };
  using Stale = std::map<int, Instant>;                          // nsid → when it was heard
  using StaleChildren = std::map<std::pair<int, int>, Instant>;  // nsid, ifindex → when it was heard

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
  void mark_all_stale();
  void read_own_links();
  void add_access(const ReachableNetns& found);
  Known& find_or_add(int nsid, bool has_access = false);
  void forget(int nsid);
  void forget_access(int nsid, Known& known);
  void refresh_child(int nsid, int ifindex, Instant heard_at);
  bool misses(int nsid, const Children& found) const;
  void refresh_netns(int nsid, Instant heard_at);
  void refresh_access(Known& known, int nsid);
  void refresh(Instant until);
  static void earliest(Stale& marks, int nsid, Instant at);
  /// `lost`: an endpoint that is answered for may be gone or have changed.
  void changed(int nsid, Instant heard_at, bool lost = true) {
    earliest(changed_, nsid, heard_at);
    if (lost) losing_.insert(nsid);
  }
  void report_event(int nsid, int ifindex, InterfaceEventKind what, Ipv4 address = 0);
  void publish();
  void report_children(int nsid, Instant heard_at);
  int rest_ms(Instant now) const;

  NetnsObserver& observer_;
  Netlink route_;
  int own_nsid_ = -1;
  RouteEvents events_;
  NetnsFolders folders_;
  NetnsScan scan_;
  OwnLinks links_;
  std::map<int, Known> known_;  // by nsid
  std::map<std::uint64_t, int> nsid_of_inode_;
  Stale stale_;
  StaleChildren stale_children_;
  Stale changed_;
  std::set<int> losing_;  // the namespaces of changed_ that lost something
  std::map<int, std::set<InterfaceAddress, AddressLess>> host_addresses_;  // by ifindex
  std::map<std::pair<int, int>, ForeignText> host_names_;  // nsid, ifindex → its name in the own namespace
  int last_child_ = -1;                                    // nsid of the child that was refreshed last
  int last_netns_ = -1;                                    // nsid of the namespace that was refreshed last
  std::optional<Instant> host_changed_;
  bool own_links_changed_ = false;
  bool overrun_ = false;
  bool busy_ = false;      // events have come since the last tick
  unsigned put_off_ = 0;   // ticks in a row without a reconcile
  Instant now_ = kNoTime;  // when the present message was received
  Duration cycle_{};       // time since the reconcile last requested a scan
  int cursor_ = -1;        // nsid of the namespace that the reconcile has come to
};

}  // namespace arpline
