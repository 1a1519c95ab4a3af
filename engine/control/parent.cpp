// SPDX-License-Identifier: Apache-2.0
#include "control/parent.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/limits.hpp"
#include "control/senders.hpp"
#include "kernel/netns.hpp"
#include "kernel/self_test.hpp"
#include "shared/bucket.h"
#include "shared/slot.h"

namespace arpline {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kSelfTestEveryNs = 10'000'000'000;
constexpr std::uint64_t kSelfTestHiddenNs = 1'000'000'000;  // it may be over
constexpr LinePace::Rate kClaimantLines{.interval_ns = 2'000'000'000, .burst_ns = 20'000'000'000};
constexpr LinePace::Rate kAllClaimantsLines{.interval_ns = 500'000'000, .burst_ns = 20'000'000'000};
constexpr LinePace::Rate kOwnMacLines{.interval_ns = 10'000'000'000, .burst_ns = 30'000'000'000};
constexpr LinePace::Rate kAllOwnMacsLines{.interval_ns = 1'000'000'000, .burst_ns = 10'000'000'000};
constexpr LinePace::Rate kNetnsLines{.interval_ns = 500'000'000, .burst_ns = 64'000'000'000};
constexpr LinePace::Rate kAllNetnsLines{.interval_ns = 50'000'000, .burst_ns = 50'000'000'000};
constexpr milliseconds kBoundaryPatience{500};
// Every driver has a buffer of its size.
constexpr std::uint32_t kOneBufferMtu = 1500;
// Longer than a NAPI poll: what the program handed over before the rings were closed has arrived.
constexpr milliseconds kSettle{5};

Claims::Way way_of(const arpl_event& claim) {
  if (claim.type == ARPL_EVENT_CLAIM_FROM_WIRE) return Claims::Way::wire;
  return claim.type == ARPL_EVENT_CLAIM_DROPPED ? Claims::Way::dropped : Claims::Way::host;
}

const char* how_it_came(Claims::Way way) {
  if (way == Claims::Way::wire) return "from the wire";
  return way == Claims::Way::dropped ? "on this host; dropped" : "on this host";
}

}  // namespace

ServedParent::ServedParent(const Config& config, ParentConfig own, const LinkInfo& link,
                           const Snapshot& snapshot, ServiceFactory factory, History& history,
                           OpenNetns open_netns)
    : config_(config),
      own_(std::move(own)),
      limits_(config.limits),
      link_(link),
      parent_(snapshot.parent),
      name_{link.name, link.ifindex, own_netns_inode()},
      factory_(std::move(factory)),
      history_(history),
      open_netns_(std::move(open_netns)),
      route_(NETLINK_ROUTE),
      claim_pace_(kClaimantLines, kAllClaimantsLines),
      own_mac_pace_(kOwnMacLines, kAllOwnMacsLines),
      space_pace_(kNetnsLines, kAllNetnsLines) {
  lock_ = std::make_unique<ParentLock>(config_.run_root, name_.text());
  prepare_pin_root(config_.pin_root);
  follow_rename(config_.pin_root, config_.run_root, name_);
  folder_ = prepare_pin_folder(config_.pin_root, name_.text());
  try {
    programs_ = std::make_unique<Programs>(program_options());
    const auto& maps = programs_->maps();
    reflections_arrive_ = reflections_arrive();
    const auto flags = maps.limits().flags;
    pairs_filter_.emplace(maps.filter(), ARPL_FILTER_PAIRS, (flags & ARPL_LIMIT_OTHER_PAIRS) != 0, now_ns());
    heard_filter_.emplace(maps.filter(), ARPL_FILTER_HEARD, (flags & ARPL_LIMIT_OTHER_HEARD) != 0, now_ns());
    if (!decides_alone()) tag_watch_ = std::make_unique<TagWatch>(link_.ifindex);
    storm_ = std::make_unique<Storm>(maps, route_, link_.ifindex);
    storm_->set(storm_limits_for(config_));
    set_limits();
    roster_ = std::make_unique<Roster>(maps);
    events_ = std::make_unique<Events>(maps.fd("events"), [this](const arpl_event& event) { on_event(event); });
    auto changes = roster_->start(own_, snapshot);
    storm_->set_containers([this] { return containers(); });
    upkeep_ = std::make_unique<Upkeep>(config_, own_, maps, *roster_, open_netns_);
    upkeep_->hide_tags(hides_tags());
    upkeep_->start(now_ns());
    if (decides_alone()) {
      front_ = std::make_unique<FrontControl>(maps);
      front_->publish(*roster_);
    }
    forget_kept(changes);
    programs_->attach();
    if (needs_service()) start_service();
    second();
    tick();
    keep_up(now_ns());
    log(changes);
  } catch (...) {
    service_.reset();
    if (programs_) programs_->detach();
    if (pinned_ifindex(folder_) == 0) remove_pin_folder(folder_);
    throw;
  }
  spdlog::info("{}: serving {} endpoints in mode {}{}", link_.name, roster_->table().entries().size(),
               config_.mode == Mode::observe ? "observe" : "answer",
               programs_->took_over() ? ", with what an earlier run left pinned" : "");
}

ServedParent::~ServedParent() {
  if (!stopped_) stop(OnStop::detach);
}

void ServedParent::start_service() {
  const auto& maps = programs_->maps();
  service_ = factory_(
      {.link = link_,
       .parent = own_,
       .ring = has_ring(),
       .tables = {.slots = maps.slots(), .credit = maps.credit(), .counts = maps.engine_counts().data()},
       .xsks_map_fd = maps.fd("xsks_map"),
       .pins = folder_,
       .front = front_ ? &front_->tables() : nullptr});
}

// What the program handed over before the rings were closed is still answered.
void ServedParent::stop_service() {
  if (!service_) return;
  programs_->maps().close_rings();
  std::this_thread::sleep_for(kSettle);
  service_->drain_and_stop();
  service_.reset();
}

ProgramOptions ServedParent::program_options() const {
  const auto ingress = ingress_of(own_);
  return {.parent = link_.name,
          .ifindex = link_.ifindex,
          .folder = folder_,
          .generic_xdp = own_.generic_xdp,
          .ingress = ingress == Ingress::engine             ? IngressProgram::none
                     : ingress == Ingress::program_for_dpdk ? IngressProgram::for_net_af_xdp
                                                            : IngressProgram::ours};
}

// Master devices see a frame on whatever member it came in: no queue of theirs can have a socket.
bool ServedParent::has_ring() const {
  if (decides_alone()) return true;
  return !own_.generic_xdp && link_.kind != "bond" && link_.kind != "team" && link_.kind != "bridge";
}

// A tag hides where the NIC takes it out and frames with one come in: VLANs that are known, or those that were
// seen. A macvlan may make the NIC take all frames, of whatever VLAN, so that no VLAN interface is needed for
// that.
bool ServedParent::hides_tags() const {
  if (decides_alone()) return false;
  const bool in_play =
      own_.trunk || parent_.vlan_uppers || (tag_watch_ && tag_watch_->seen(TagWatch::customer));
  return (in_play && link_.rx_vlan_offload.value_or(true)) || hides_service_tags();
}

bool ServedParent::hides_service_tags() const {
  const bool in_play = own_.trunk || (tag_watch_ && tag_watch_->seen(TagWatch::service));
  return in_play && link_.rx_stag_offload.value_or(false);
}

void ServedParent::watch_tags() {
  if (!tag_watch_ || !tag_watch_->read()) return;
  set_limits();
  if (hides_tags())
    spdlog::warn(
        "{}: tagged frames come in, and the NIC takes their tags out: who-has above the to_child budget pass",
        link_.name);
}

// A veth hands what is sent by XDP_TX to the other end only where that has an XDP program too; without one the
// answer is lost (drivers/net/veth.c, veth_xdp_flush).
bool ServedParent::reflections_arrive() {
  if (link_.kind != "veth" || own_.generic_xdp || decides_alone()) return true;
  try {
    const auto other = get_link(route_, link_.lower_netns, link_.lower);
    return other && other->xdp_mode != XdpMode::none;
  } catch (const SetupError&) {
    return false;  // asked on every tick: who can't be asked now is asked again
  }
}

void ServedParent::watch_reflections() {
  const bool arrive = reflections_arrive();
  if (arrive == reflections_arrive_) return;
  reflections_arrive_ = arrive;
  set_limits();
  if (own_.fast_path) {
    spdlog::info("{}: {}", link_.name,
                 arrive ? "the veth's other end has an XDP program: the fast path is on"
                        : "the veth's other end has no XDP program: the fast path is off");
  }
}

bool ServedParent::fast_path() const {
  return own_.fast_path && reflections_arrive_;
}

void ServedParent::set_limits() {
  auto& map = programs_->maps().limits();
  const Switches switches{.hidden_tags = hides_tags(),
                          .fast_path = fast_path(),
                          .in_pieces = parent_.mtu > kOneBufferMtu,
                          .one_queue = decides_alone() || (has_ring() && link_.rx_queues == 1),
                          .other_pairs = pairs_filter_->other(),
                          .other_heard = heard_filter_->other(),
                          .mac = link_.mac};
  put_limits(limits_for(config_, limits_, switches, map), map);
  if (upkeep_) upkeep_->hide_tags(switches.hidden_tags);
}

void ServedParent::use_limits(const Limits& limits) {
  limits_ = limits;
  set_limits();
}

// What is withdrawn and still there has only changed.
void ServedParent::forget_kept(Table::Changes& changes) const {
  std::erase_if(changes.withdrawn, [this](const Table::Entry& entry) {
    return roster_->table().entries().contains(entry.desired.key);
  });
}

void ServedParent::follow(Table::Changes changes, std::uint64_t heard_at) {
  upkeep_->follow(changes, now_ns());
  keep_up_at_ = 0;
  // One that was not served needs no boundary, and is no withdrawal that anybody could wait for.
  for (const auto& entry : changes.withdrawn)
    if ((entry.desired.word & ARPL_SLOT_FLAGS_MASK) == 0) unsettled_.push_back(heard_at);
  const auto now = now_ns();
  for (std::size_t i = 0; i < changes.added.size(); ++i) found_.add(now - heard_at);
  forget_kept(changes);
  untold_.push_back(std::move(changes));
}

// One boundary for all of them, and the log after it: when a thousand go at once, the last must not wait for
// either.
void ServedParent::settle() {
  const bool publishes = front_ && !untold_.empty();
  if (publishes) front_->publish(*roster_);
  const bool passed =
      (unsettled_.empty() && !publishes) || !service_ || service_->pass_boundary(kBoundaryPatience);
  if (!passed) spdlog::warn("{}: the worker does not pass its burst boundary", link_.name);
  if (publishes && passed) front_->forget();
  const auto now = now_ns();
  for (const auto heard_at : std::exchange(unsettled_, {})) withdrawn_.add(now - heard_at);
  for (const auto& changes : std::exchange(untold_, {})) log(changes);
}

void ServedParent::log(const Table::Changes& changes) {
  const auto now = now_ns();
  for (const auto& [slot, desired] : changes.withdrawn) {
    claims_.forget(desired.key);
    const auto& tombstone = history_.gone(link_.name, desired, now);
    if (!may_log(desired, now)) continue;
    spdlog::info("{}: withdrew {} ({}) of {}/{}: {}", link_.name, format_ipv4(desired.key.address),
                 format_mac(desired.word), desired.netns, desired.interface, reason_of(tombstone));
  }
  for (const auto& [slot, desired] : changes.added) {
    if (!may_log(desired, now)) continue;
    if (!desired.also_at.empty()) {
      log_also_at(desired);
    } else {
      spdlog::info("{}: found {} ({}) of {}/{}", link_.name, format_ipv4(desired.key.address),
                   format_mac(desired.word), desired.netns, desired.interface);
    }
  }
  for (const auto& [slot, desired] : changes.also_at)
    if (may_log(desired, now)) log_also_at(desired);
  for (const auto& [slot, desired] : changes.reconfigured)
    if (may_log(desired, now))
      spdlog::info("{}: reconfigured {} of {}/{}", link_.name, format_ipv4(desired.key.address), desired.netns,
                   desired.interface);
  if (changes.refused > 0) log_waiting();
}

// Whenever it is another one that waits.
void ServedParent::log_waiting() {
  std::string names;
  for (const auto& [netns, addresses] : roster_->waiting()) names += (names.empty() ? "" : ", ") + netns;
  if (names == waiting_) return;
  waiting_ = names;
  if (!names.empty())
    spdlog::warn("{}: no room in the table for addresses of {}: left to their kernels until there is",
                 link_.name, names);
}

// A namespace of thousands of addresses leaves room in the log for the others.
bool ServedParent::may_log(const Desired& desired, std::uint64_t now) {
  const auto nsid = desired.settings ? desired.settings->nsid : Census::kStatics;
  if (space_pace_.take(static_cast<std::uint32_t>(nsid), now)) return true;
  ++left_out_[desired.netns];
  return false;
}

void ServedParent::log_left_out() {
  for (const auto& [netns, lines] : std::exchange(left_out_, {}))
    spdlog::info("{}: {} lines about {} left out", link_.name, lines, netns);
}

void ServedParent::log_also_at(const Desired& desired) {
  const auto address = format_ipv4(desired.key.address);
  const auto place = fmt::format("{}/{} ({})", desired.netns, desired.interface, format_mac(desired.word));
  if (desired.also_at.empty()) {
    spdlog::info("{}: {} is at {} only", link_.name, address, place);
  } else if ((desired.word & ARPL_SLOT_DUPLICATE) != 0) {
    spdlog::warn(
        "{}: {} is at {} and at {}, and nobody knows who was first: left to their kernels until one is left",
        link_.name, address, place, desired.also_at);
  } else {
    spdlog::warn("{}: {} of {} is also at {}: who had it first stays served", link_.name, address, place,
                 desired.also_at);
  }
}

void ServedParent::update(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at) {
  std::vector<Interface> ours;
  for (const auto& child : children)
    if (child.parent == link_.ifindex) ours.push_back(child);
  follow(roster_->update(nsid, std::move(ours), heard_at), heard_at);
}

void ServedParent::host_has(HostAddresses addresses, std::uint64_t heard_at) {
  follow(roster_->host_has(std::move(addresses), heard_at), heard_at);
  settle();
}

void ServedParent::go_on() {
  if (roster_->done()) return;
  const auto since = roster_->due_since();
  follow(roster_->go_on(), since);
  settle();
}

void ServedParent::update_link(const ParentLink& link) {
  if (link == parent_) return;
  if (link.running && (!parent_.running || link.carrier_ups != parent_.carrier_ups))
    upkeep_->carrier_up(now_ns());
  keep_up_at_ = 0;
  parent_ = link;
  if (link.name != link_.name) history_.rename(link_.name, link.name);
  link_.name = link.name;
  upkeep_->rename(link.name);
  roster_->set_parent(link);
  if (front_) front_->publish(*roster_);
  if (const auto info = find_link(route_, link_.ifindex)) link_ = *info;
  set_limits();
}

void ServedParent::reconfigure(const Config& config, const ParentConfig& own) {
  config_ = config;
  own_ = own;
  limits_ = config.limits;
  upkeep_->set(config, own, now_ns());
  keep_up_at_ = 0;
  if (needs_service() && !service_) start_service();
  storm_->set(storm_limits_for(config_));
  set_limits();
  if (!needs_service()) stop_service();
  const auto now = now_ns();
  follow(roster_->choose(own, now), now);
  settle();
}

// The programs ask the other part first: what is cleared is asked by nobody.
void ServedParent::rotate_filters(std::uint64_t now) {
  for (const auto& [filter, period_ns] : {std::pair{&*pairs_filter_, config_.pair_ttl_ns},
                                          std::pair{&*heard_filter_, std::uint64_t{ARPL_HEARD_NS}}}) {
    if (!filter->due(now, period_ns)) continue;
    set_limits();
    filter->clear();
  }
}

void ServedParent::second() {
  const auto now = now_ns();
  log_left_out();
  log_waiting();
  rotate_filters(now);
  watch_neighbours(now);
  watch_egress(now);
  watch_groups();
  watch_offloads();
}

// No event tells of them; they matter only where there are tags.
void ServedParent::watch_offloads() {
  const bool tags = tag_watch_ && (tag_watch_->seen(TagWatch::customer) || tag_watch_->seen(TagWatch::service));
  if (!tags && !own_.trunk && !parent_.vlan_uppers) return;
  const auto info = find_link(route_, link_.ifindex);
  if (!info ||
      (info->rx_vlan_offload == link_.rx_vlan_offload && info->rx_stag_offload == link_.rx_stag_offload))
    return;
  link_.rx_vlan_offload = info->rx_vlan_offload;
  link_.rx_stag_offload = info->rx_stag_offload;
  set_limits();
}

std::vector<Storm::Container> ServedParent::containers() const {
  std::vector<Storm::Container> all;
  roster_->population().each([&all](const Interface& one) {
    all.push_back({.nsid = one.netns.own ? std::nullopt : std::optional{one.netns.nsid},
                   .ifindex = one.ifindex,
                   .place = one.netns.name + "/" + one.name});
  });
  return all;
}

void ServedParent::watch_groups() {
  storm_->watch();
  if (storm_->takers() != takers_) {
    takers_ = storm_->takers();
    if (takers_.empty()) {
      spdlog::info("{}: no container takes all multicast any more", link_.name);
    } else {
      spdlog::warn("{}: {} takes all multicast: limits.multicast is in force all the same", link_.name,
                   takers_);
    }
  }
  if (storm_->lifted() == lifted_) return;
  lifted_ = storm_->lifted();
  spdlog::warn("{}: limits.multicast is {}", link_.name, lifted_.empty() ? "in force" : "lifted: " + lifted_);
}

// Without room for an entry the kernel does not answer (net/core/neighbour.c): TO_CHILD would only make it
// worse.
void ServedParent::watch_neighbours(std::uint64_t now) {
  const auto table = neighbour_table(route_);
  const bool full = table && table->limit > 0 && table->entries >= table->limit - table->limit / 10;
  if (full) programs_->maps().limits().neigh_full_ns = now;
  if (full != neighbours_full_) {
    spdlog::warn("{}: the neighbour table is {}", link_.name,
                 full ? fmt::format("nearly full ({} of {}): raise net.ipv4.neigh.default.gc_thresh3",
                                    table->entries, table->limit)
                      : "no longer nearly full");
  }
  neighbours_full_ = full;
}

// The frame passes the egress program while it is being sent, or never.
void ServedParent::watch_egress(std::uint64_t now) {
  const auto every = egress_ == "hidden" ? kSelfTestHiddenNs : kSelfTestEveryNs;
  if (self_test_at_ != 0 && now - self_test_at_ < every) return;
  const auto before = programs_->maps().egress_stats().self_tests;
  if (!send_self_test(link_.ifindex, parent_.mac)) return;
  const bool seen = programs_->maps().egress_stats().self_tests > before;
  if (!seen && egress_ != "hidden")
    spdlog::warn("{}: another egress filter hides ours: nothing is ever confirmed", link_.name);
  if (seen && egress_ == "hidden") spdlog::warn("{}: no egress filter hides ours any more", link_.name);
  egress_ = seen ? "seen" : "hidden";
  self_test_at_ = now;
}

void ServedParent::tick() {
  const auto now = now_ns();
  if (!attached()) return;
  programs_->maps().set_lease(now + kLeaseNs);
  watch_reflections();
  collect();
}

std::uint64_t ServedParent::keep_up(std::uint64_t now) {
  if (now >= keep_up_at_ && attached())
    keep_up_at_ = upkeep_->run(now, config_.mode == Mode::answer ? service_.get() : nullptr);
  return keep_up_at_;
}

// Where there is no program that counts and tells by itself.
void ServedParent::collect() {
  if (front_) front_->collect([this](const arpl_event& event) { on_event(event); });
}

bool ServedParent::healthy(std::uint64_t now) {
  const bool alive = !service_ || pulse_.alive(service_->heartbeat(), now);
  if (alive != healthy_)
    spdlog::error("{}: the worker {}", link_.name, alive ? "moves again" : "does not move on");
  healthy_ = alive;
  return alive;
}

bool ServedParent::drain_events() noexcept {
  stranger_ = false;
  events_->drain();
  return stranger_;
}

void ServedParent::on_event(const arpl_event& event) {
  if (event.type == ARPL_EVENT_STRANGER) {
    stranger_ = true;
    return;
  }
  const bool is_claim = event.type == ARPL_EVENT_CLAIM_FROM_WIRE || event.type == ARPL_EVENT_CLAIM_FROM_HOST ||
                        event.type == ARPL_EVENT_CLAIM_DROPPED;
  if (is_claim && roster_->is_no_claim(event)) return;
  upkeep_->on_event(event, now_ns());
  keep_up_at_ = 0;
  if (event.type == ARPL_EVENT_OWN_MAC) return on_own_mac(event);
  if (!is_claim) return;
  claims_.on({.address = event.address, .vlan = event.vlan, .zero = 0}, event.mac, way_of(event), event.time_ns,
             roster_->party_of(event));
  log_claim(event);
}

void ServedParent::on_own_mac(const arpl_event& event) {
  if (roster_->on_own_mac(event)) {
    const auto owner = roster_->owner_of(event.mac);
    spdlog::warn(
        "{}: a station on the wire that says {} has {} of {} too: its frames are answered as any other's",
        link_.name, format_ipv4(event.address), format_mac(event.mac), place_of(owner));
    return;
  }
  if (roster_->comes_back(event.mac) || !own_mac_pace_.take(event.mac, event.time_ns)) return;
  spdlog::warn("{}: {} is ours and came in from the wire: a loop or a duplicate MAC", link_.name,
               format_mac(event.mac));
}

// Whatever the wire or a container says: a bound for each, and one for all.
void ServedParent::log_claim(const arpl_event& event) {
  if (!claim_pace_.take(event.mac, event.time_ns)) return;
  const auto owner = roster_->owner_of(event.mac);
  spdlog::warn("{}: {}{} claims {} ({})", link_.name, format_mac(event.mac),
               owner.interface.empty() ? "" : " of " + place_of(owner), format_ipv4(event.address),
               how_it_came(way_of(event)));
}

void ServedParent::stop(OnStop how) {
  if (stopped_) return;
  stopped_ = true;
  const auto& maps = programs_->maps();
  const bool keep = how == OnStop::keep && attached();
  maps.set_lease(keep ? now_ns() + kKeepLeaseNs : 0);
  stop_service();
  if (!keep) programs_->detach();
  spdlog::info("{}: {}", link_.name, keep ? "stopped, programs kept" : "detached");
}

std::vector<std::string> ServedParent::warnings() const {
  std::vector<std::string> warnings;
  if (egress_ == "hidden") {
    warnings.push_back(
        "another egress filter hides ours: nothing is ever confirmed, only TO_CHILD and announcements work; "
        "see `tc filter show dev " +
        link_.name + " egress`");
  }
  if (hides_tags()) {
    const bool customer = link_.rx_vlan_offload.value_or(true);
    warnings.push_back(fmt::format(
        "VLANs are in play and the NIC strips tags: who-has above the to_child budget pass; see them with "
        "`ethtool -K {}{}{}`",
        link_.name, customer ? " rxvlan off" : "", hides_service_tags() ? " rx-vlan-stag-hw-parse off" : ""));
  }
  if (own_.fast_path && !reflections_arrive_) {
    warnings.emplace_back(
        "the fast path is off: what XDP sends is lost while the veth's other end has no XDP program; "
        "fast_path = false says that this is wanted");
  }
  if (!storm_->lifted().empty()) warnings.push_back("limits.multicast is lifted: " + storm_->lifted());
  for (const auto& [netns, addresses] : roster_->waiting()) {
    warnings.push_back(
        fmt::format("{} addresses of {} find no room: the table has {}, and one namespace gets {} of them",
                    addresses, netns, ARPL_MAX_ENDPOINTS, Roster::kShare));
  }
  for (const auto mac : roster_->shared())
    warnings.push_back(
        fmt::format("{} of {} is also a station's on the wire: its frames are answered as any other's",
                    format_mac(mac), place_of(roster_->owner_of(mac))));
  if (!storm_->takers().empty()) {
    warnings.push_back(storm_->takers() + " takes all multicast: limits.multicast is in force all the same");
  }
  if (upkeep_->is_too_slow())
    warnings.emplace_back("announce.pps does not suffice to announce every endpoint once per announce.refresh");
  if (neighbours_full_)
    warnings.emplace_back("the neighbour table is nearly full: raise net.ipv4.neigh.default.gc_thresh3");
  if (service_ && service_->not_handed_over() > 0) {
    warnings.push_back(
        fmt::format("{} frames for the kernel found no room on their way to it", service_->not_handed_over()));
  }
  if (service_ && service_->queues() == 0 && !fast_path())
    warnings.emplace_back("no ring on this kind of parent: TO_CHILD and announcements only");
  return warnings;
}

ParentStatus ServedParent::status() const {
  auto status = gather(programs_->maps(), name_, folder_);
  status.parent = link_.name;
  status.daemon = true;
  status.queues = service_ ? service_->queues() : 0;
  status.announcements_lost = service_ ? service_->lost_orders() : 0;
  status.egress = egress_;
  if (own_.fast_path && !reflections_arrive_) status.fast_path = "no_xdp_at_the_other_end";
  for (const auto& spec : limit_specs())
    status.limits.insert_or_assign(std::string{spec.name}, limits_.rate(spec));
  status.found = found_.to_json();
  status.withdrawn = withdrawn_.to_json();
  for (auto& endpoint : status.endpoints) {
    endpoint.claimants = claims_.of(endpoint.key);
    const auto it = roster_->table().entries().find(endpoint.key);
    if (it == roster_->table().entries().end()) continue;
    endpoint.netns = it->second.desired.netns;
    endpoint.interface = it->second.desired.interface;
    endpoint.also_at = it->second.desired.also_at;
    endpoint.heard_at = it->second.desired.heard_at;
    upkeep_->describe(it->second.slot, endpoint, status.now);
    if ((endpoint.slot.word & ARPL_SLOT_FLAGS_MASK) != 0 && it->second.desired.settings)
      endpoint.trail = history_.life_of(*it->second.desired.settings);
  }
  upkeep_->describe(status);
  name_claimants(status);
  status.warnings = warnings();
  return status;
}

// Those that are on this host, if there are any.
void ServedParent::name_claimants(ParentStatus& status) const {
  const auto is_claimed = [](const EndpointStatus& endpoint) { return !endpoint.claimants.empty(); };
  if (std::ranges::none_of(status.endpoints, is_claimed)) return;
  const auto owners = roster_->owners();
  for (const auto& endpoint : status.endpoints)
    for (const auto& claimant : endpoint.claimants)
      if (const auto owner = owners.find(claimant.mac); owner != owners.end())
        status.claimants.emplace(claimant.mac, place_of(owner->second));
}

std::vector<Sender> ServedParent::senders() const {
  return gather_senders(programs_->maps(), roster_->owners(), link_.name);
}

}  // namespace arpline
