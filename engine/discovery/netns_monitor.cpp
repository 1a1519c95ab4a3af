// SPDX-License-Identifier: Apache-2.0
#include "discovery/netns_monitor.hpp"

#include <algorithm>
#include <climits>
#include <iterator>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace arpline {
namespace {

constexpr int kRetryMs = 2;
constexpr int kScanPauseMs = 50;

// True when all that was reported about the interface still holds; it may have gained addresses.
bool gains_only(const Interface& before, const Interface& now) {
  auto same = now;
  same.addresses = before.addresses;
  return same == before && std::ranges::includes(now.addresses, before.addresses, comes_before);
}

std::vector<std::string> all_folders(const std::vector<std::string>& more) {
  auto folders = known_netns_folders();
  folders.insert(folders.end(), more.begin(), more.end());
  return folders;
}

// The kernel names the namespace of a child's lower device by its nsid in the asking namespace, so the own
// namespace must have an nsid in itself.
int own_nsid(Netlink& route) {
  const auto nsid = find_nsid(route, {.inode = own_netns_inode(), .own = true});
  if (!nsid) throw SetupError("the own network namespace gets no id; is /proc mounted?");
  return *nsid;
}

}  // namespace

NetnsMonitor::NetnsMonitor(NetnsObserver& observer, const std::vector<std::string>& more_folders)
    : observer_(observer),
      route_(NETLINK_ROUTE),
      own_nsid_(own_nsid(route_)),
      folders_(all_folders(more_folders)),
      scan_(all_folders(more_folders)) {
  folders_.watch_new_folders();
}

Netns NetnsMonitor::described(int nsid, const Known& known) const {
  return {.nsid = nsid, .inode = known.access.inode, .name = known.name, .own = is_own(nsid)};
}

std::vector<Interface> NetnsMonitor::placed(int nsid, const Known& known) const {
  std::vector<Interface> interfaces;
  const auto netns = described(nsid, known);
  for (const auto& [ifindex, child] : known.children)
    if (auto interface = place_child(child, links_, netns, known.all))
      interfaces.push_back(std::move(*interface));
  return interfaces;
}

std::vector<Interface> NetnsMonitor::children_on(int parent) const {
  std::vector<Interface> children;
  for (const auto& [nsid, known] : known_)
    for (auto& interface : placed(nsid, known))
      if (interface.parent == parent) children.push_back(std::move(interface));
  return children;
}

std::vector<Netns> NetnsMonitor::all_netns() const {
  std::vector<Netns> all;
  for (const auto& [nsid, known] : known_) all.push_back(described(nsid, known));
  return all;
}

Fd NetnsMonitor::open(int nsid) const {
  const auto at = known_.find(nsid);
  return at == known_.end() ? Fd{} : open_netns(at->second.access);
}

void NetnsMonitor::earliest(Stale& marks, int nsid, Instant at) {
  const auto [mark, fresh] = marks.try_emplace(nsid, at);
  if (!fresh) mark->second = std::min(mark->second, at);
}

void NetnsMonitor::report_event(int nsid, int ifindex, InterfaceEventKind what, Ipv4 address) {
  observer_.on_interface_event(
      {.at = now_, .nsid = nsid, .ifindex = ifindex, .what = what, .address = address});
}

NetnsMonitor::Known& NetnsMonitor::find_or_add(int nsid, bool has_access) {
  const auto [at, fresh] = known_.try_emplace(nsid);
  if (fresh) {
    if (is_own(nsid)) at->second.access = {.inode = own_netns_inode(), .own = true};
    earliest(stale_, nsid, now_);
    if (!has_access && !is_own(nsid)) scan_.request();
  }
  return at->second;
}

void NetnsMonitor::forget(int nsid) {
  const auto at = known_.find(nsid);
  if (at == known_.end()) return;
  if (!at->second.children.empty()) {
    report_event(nsid, 0, InterfaceEventKind::netns_destroyed);
    changed(nsid, now_);
  }
  forget_access(nsid, at->second);
  host_names_.erase(host_names_.lower_bound({nsid, INT_MIN}), host_names_.upper_bound({nsid, INT_MAX}));
  known_.erase(at);
  stale_.erase(nsid);
}

// The kernel may give the inode number to another namespace.
void NetnsMonitor::forget_access(int nsid, Known& known) {
  const auto at = nsid_of_inode_.find(known.access.inode);
  if (at != nsid_of_inode_.end() && at->second == nsid) nsid_of_inode_.erase(at);
  known.access = {};
}

// Asking for a namespace's nsid assigns one, and from then on the namespace's events are received.
void NetnsMonitor::add_access(const ReachableNetns& found) {
  if (found.inode == known_.at(own_nsid_).access.inode) return;
  const auto known_inode = nsid_of_inode_.find(found.inode);
  if (known_inode == nsid_of_inode_.end()) {
    const auto nsid = find_nsid(route_, found);
    if (!nsid || is_own(*nsid)) return;
    find_or_add(*nsid, true).access = found;
    nsid_of_inode_.insert_or_assign(found.inode, *nsid);
    earliest(stale_, *nsid, now_);
    return;
  }
  const auto at = known_.find(known_inode->second);
  if (at == known_.end()) return;
  auto& access = at->second.access;
  if (access.path.empty() && !found.path.empty()) access.path = found.path;
  if (found.pids.empty() || access.pids.size() >= ReachableNetns::kMostPids) return;
  const auto pid = found.pids.front();
  if (std::ranges::find(access.pids, pid) != access.pids.end()) return;
  access.pids.push_back(pid);
  if (!at->second.children.empty() && access.pids.size() == 1) earliest(stale_, at->first, now_);
}

void NetnsMonitor::refresh_child(int nsid, int ifindex, Instant heard_at) {
  auto child = dump_child(route_, dumped(nsid), own_nsid_, ifindex);
  if (!child) read_events();  // the event that says why has arrived by now
  auto at = known_.find(nsid);
  if (at == known_.end()) return;
  auto old = at->second.children.find(ifindex);
  if (!child) {
    if (old == at->second.children.end()) return;
    at->second.children.erase(old);
    at->second.pending.erase(ifindex);
    return changed(nsid, heard_at);
  }
  const bool anew = old == at->second.children.end() || old->second.interface.addresses.size() <= kMostReadAnew;
  if (anew) {
    at->second.pending.erase(ifindex);
    if (!dump_addresses(route_, dumped(nsid), *child)) return;
  } else {
    fold(at->second);
    child->interface.addresses = old->second.interface.addresses;
  }
  keep_names(*child, old == at->second.children.end() ? nullptr : &old->second);
  if (old == at->second.children.end()) {
    if (at->second.children.empty()) {  // settings are read only for namespaces with children
      at->second.settings_at = kNoTime;
      earliest(stale_, nsid, heard_at);
    }
    if (const auto name = host_names_.find({nsid, ifindex}); name != host_names_.end())
      child->interface.host_name = name->second;
    report_event(nsid, ifindex, InterfaceEventKind::appeared);
    at->second.children.emplace(ifindex, std::move(*child));
    return changed(nsid, heard_at, false);
  }
  if (old->second == *child) return;
  const bool gains = gains_only(old->second.interface, child->interface);
  old->second = std::move(*child);
  changed(nsid, heard_at, !gains);
}

// Forgets a path or a process that no longer leads into the namespace, and requests a scan when none is left.
void NetnsMonitor::refresh_access(Known& known, int nsid) {
  forget_ended(known.access);
  const bool old = known.settings_at == kNoTime || now_ - known.settings_at >= kSettings;
  if (is_own(nsid)) {
    known.all = own_arp_settings().value_or(NetnsArpSettings{});
  } else if (const Fd fd = open_netns(known.access); fd && nsid_of(route_, fd.get()) == nsid) {
    if (old) known.all = arp_settings_of(fd.get()).value_or(known.all);
    if (old) known.settings_at = now_;
  } else if (!known.children.empty()) {
    forget_access(nsid, known);
    scan_.request();
  }
  known.name =
      known.access.inode == 0 && !known.access.own ? "id " + std::to_string(nsid) : netns_name(known.access);
}

bool NetnsMonitor::misses(int nsid, const Children& found) const {
  const auto at = known_.find(nsid);
  return at != known_.end() && std::ranges::any_of(at->second.children, [&found](const auto& entry) {
           return !found.contains(entry.first);
         });
}

void NetnsMonitor::take_children(int nsid, Known& known, Children children) {
  for (auto& [ifindex, child] : children) {
    const auto old = known.children.find(ifindex);
    keep_names(child, old == known.children.end() ? nullptr : &old->second);
    if (old != known.children.end()) continue;
    if (const auto name = host_names_.find({nsid, ifindex}); name != host_names_.end())
      child.interface.host_name = name->second;
    report_event(nsid, ifindex, InterfaceEventKind::appeared);
  }
  known.children = std::move(children);
  known.pending.clear();
}

void NetnsMonitor::refresh_netns(int nsid, Instant heard_at) {
  if (is_own(nsid)) read_host_addresses();
  auto children = dump_netns(route_, dumped(nsid), own_nsid_);
  if (!children || misses(nsid, *children)) {
    read_events();  // their events have arrived by now, and have to be handled before the next dump
    children = dump_netns(route_, dumped(nsid), own_nsid_);
  }
  const auto at = known_.find(nsid);
  if (at == known_.end()) return;
  constexpr int kLoopback = 1;  // its ifindex in every namespace
  if (!children && !is_own(nsid) && !get_link(route_, nsid, kLoopback)) return forget(nsid);
  auto& known = at->second;
  fold(known);
  const auto before = placed(nsid, known);
  if (children) take_children(nsid, known, std::move(*children));
  if (!known.children.empty() || is_own(nsid)) refresh_access(known, nsid);
  if (placed(nsid, known) != before) changed(nsid, heard_at);
}

// Takes one interface of each namespace in turn, so that a namespace that changes all the time can't delay the
// others.
std::pair<int, int> NetnsMonitor::next_child(const StaleChildren& stale, int after) {
  const auto next = stale.upper_bound({after, INT_MAX});
  return next == stale.end() ? stale.begin()->first : next->first;
}

// Refreshes interfaces first, because their changes are waited for, and then one namespace at least, so that
// changing interfaces can't delay the namespaces for ever.
void NetnsMonitor::refresh(Instant until) {
  while (!stale_children_.empty() && Clock::now() < until) {
    const auto id = next_child(stale_children_, last_child_);
    const auto heard_at = stale_children_.at(id);
    stale_children_.erase(id);
    last_child_ = id.first;
    refresh_child(id.first, id.second, heard_at);
  }
  while (!stale_.empty()) {
    auto next = stale_.upper_bound(last_netns_);
    if (next == stale_.end()) next = stale_.begin();
    const auto [nsid, heard_at] = *next;
    stale_.erase(next);
    last_netns_ = nsid;
    refresh_netns(nsid, heard_at);
    if (Clock::now() >= until) break;
  }
}

// Merges the address changes that events reported into the addresses that were read.
void NetnsMonitor::fold(Known& known) {
  for (auto& [ifindex, pending] : std::exchange(known.pending, {})) {
    const auto at = known.children.find(ifindex);
    if (at == known.children.end()) continue;
    auto& addresses = at->second.interface.addresses;
    std::vector<InterfaceAddress> gained;
    std::vector<InterfaceAddress> merged;
    for (const auto& [address, added] : pending)
      if (added) gained.push_back(address);
    std::erase_if(addresses,
                  [&reported = pending](const InterfaceAddress& one) { return reported.contains(one); });
    merged.reserve(addresses.size() + gained.size());
    std::ranges::merge(addresses, gained, std::back_inserter(merged), comes_before);
    addresses = std::move(merged);
  }
}

bool NetnsMonitor::has(const Known& known, const Child& child, const InterfaceAddress& address) {
  const auto pending = known.pending.find(child.interface.ifindex);
  if (pending != known.pending.end())
    if (const auto reported = pending->second.find(address); reported != pending->second.end())
      return reported->second;
  return std::ranges::binary_search(child.interface.addresses, address, comes_before);
}

void NetnsMonitor::report_children(int nsid, Instant heard_at) {
  const auto began = Clock::now();
  const auto at = known_.find(nsid);
  if (at != known_.end()) fold(at->second);
  observer_.on_children(nsid, at == known_.end() ? std::vector<Interface>{} : placed(nsid, at->second),
                        heard_at);
  const auto ended = Clock::now();
  const auto again = known_.find(nsid);
  if (again != known_.end())
    again->second.rests_until = ended + std::min(kRest * (ended - began), kLongestRest);
}

void NetnsMonitor::publish() {
  if (std::exchange(own_links_changed_, false)) {
    observer_.on_own_links();
    if (!host_changed_) host_changed_ = now_;
  }
  if (const auto heard_at = std::exchange(host_changed_, {})) observer_.on_host_addresses(*heard_at);
  if (changed_.empty()) return;
  const auto now = Clock::now();
  Stale later;
  for (const auto& [nsid, heard_at] : std::exchange(changed_, {})) {
    const auto at = known_.find(nsid);
    if (at != known_.end() && now < at->second.rests_until && !losing_.contains(nsid)) {
      later.emplace(nsid, heard_at);
    } else {
      report_children(nsid, heard_at);
    }
  }
  losing_.clear();
  for (const auto& [nsid, heard_at] : later) earliest(changed_, nsid, heard_at);
  observer_.on_children_told();
}

void NetnsMonitor::read_host_addresses() {
  const auto found = dump_addresses(route_);
  if (!found) return;
  decltype(host_addresses_) now;
  for (const auto& one : *found)
    now[one.ifindex].insert({.address = one.address, .prefix_bits = one.prefix_bits});
  if (now == host_addresses_) return;
  host_addresses_ = std::move(now);
  if (!host_changed_) host_changed_ = now_;
}

HostAddresses NetnsMonitor::host_addresses(int parent) const {
  HostAddresses host;
  for (const auto& [ifindex, addresses] : host_addresses_)
    for (const auto& one : addresses) host.all.insert(one.address);
  const auto own = known_.find(own_nsid_);
  const int all = own == known_.end() ? 0 : own->second.all.arp_ignore;
  links_.each_place_on(parent, [&](const LinkRecord& link, std::uint16_t vlan) {
    if (std::max(all, link.arp_ignore) == 0) return;
    auto& only = host.only[vlan];
    if (const auto at = host_addresses_.find(link.ifindex); at != host_addresses_.end())
      for (const auto& one : at->second) only.insert(one.address);
  });
  return host;
}

void NetnsMonitor::read_own_links() {
  const auto links = dump_links(route_).value();
  links_.clear();
  for (const auto& link : links) links_.put(link);
  own_links_changed_ = true;
}

void NetnsMonitor::mark_all_stale() {
  read_own_links();
  for (const auto& [nsid, known] : known_) earliest(stale_, nsid, now_);
  scan_.request();
  overrun_ = false;
}

void NetnsMonitor::look() {
  now_ = Clock::now();
  find_or_add(own_nsid_);
  mark_all_stale();
  const auto never = [] { return false; };
  scan_.step(now_, never, [this](const ReachableNetns& found) { add_access(found); });
  refresh(kNever);
  publish();
}

void NetnsMonitor::work() {
  read_events();
  publish();  // losses are reported before the slice below
  now_ = Clock::now();
  if (overrun_) {
    // The kernel reuses the nsids and inodes of namespaces whose end was missed, so every namespace is checked
    // again.
    nsid_of_inode_.clear();
    mark_all_stale();
  }
  const auto until = now_ + kSlice;
  const auto add_found = [this](const ReachableNetns& found) { add_access(found); };
  if (!folders_.read(now_, add_found)) scan_.request();
  refresh(until);
  scan_.step(
      now_, [until] { return Clock::now() >= until; }, add_found);
  publish();
}

// Time until the first changed namespace may be reported.
int NetnsMonitor::rest_ms(Instant now) const {
  auto rest = kLongestRest;
  for (const auto& [nsid, heard_at] : changed_) {
    const auto at = known_.find(nsid);
    const auto until = at == known_.end() ? now : at->second.rests_until;
    rest = std::min(rest, std::max(until - now, Duration::zero()));
  }
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(rest).count());
}

int NetnsMonitor::patience_ms() const {
  const auto now = Clock::now();
  if (overrun_ || !stale_.empty() || !stale_children_.empty()) return 0;
  if (scan_.wanted(now)) return 0;
  if (folders_.waiting()) return kRetryMs;
  const int rest = changed_.empty() ? -1 : rest_ms(now);
  if (!scan_.requested()) return rest;
  return rest < 0 ? kScanPauseMs : std::min(rest, kScanPauseMs);
}

// Marks as many namespaces as stale as it takes to read each one once in kReconcile.
void NetnsMonitor::tick(Duration interval) {
  now_ = Clock::now();
  if (!folders_.watch_new_folders().empty()) scan_.request();
  cycle_ += interval;
  if (cycle_ >= kReconcile) {
    cycle_ = 0s;
    scan_.request();
  }
  if (std::exchange(busy_, false) && ++put_off_ < kMostPutOff) return;
  put_off_ = 0;
  const auto ticks = static_cast<std::size_t>(kReconcile / interval);
  for (auto left = (known_.size() + ticks - 1) / ticks; left > 0; --left) {
    auto next = known_.upper_bound(cursor_);
    if (next == known_.end()) next = known_.begin();
    if (next == known_.end()) return;
    cursor_ = next->first;
    earliest(stale_, cursor_, now_);
  }
}

}  // namespace arpline
