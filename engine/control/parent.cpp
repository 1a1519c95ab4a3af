// SPDX-License-Identifier: Apache-2.0
#include "control/parent.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "control/limits.hpp"
#include "control/senders.hpp"
#include "kernel/ethtool.hpp"
#include "kernel/netns.hpp"
#include "kernel/self_test.hpp"
#include "shared/abi.h"
#include "shared/bucket.h"

namespace arpline {
namespace {

using std::chrono::milliseconds;

// A tick before what it proves wears off (arpl_limits.egress_seen_ns) there is time for another one.
constexpr std::uint64_t kSelfTestEveryNs = 1'000'000'000;
// Whoever removes our filter in a loop does not keep this one busy.
constexpr std::uint64_t kPutBackEveryNs = 20'000'000;
// Events wait meanwhile.
constexpr milliseconds kPatienceInTheLoop{50};
constexpr LinePace::Rate kClaimantLines{.interval_ns = 2'000'000'000, .burst_ns = 10'000'000'000};
constexpr LinePace::Rate kAllClaimantsLines{.interval_ns = 1'000'000'000, .burst_ns = 10'000'000'000};
constexpr LinePace::Rate kOwnMacLines{.interval_ns = 10'000'000'000, .burst_ns = 30'000'000'000};
constexpr LinePace::Rate kAllOwnMacsLines{.interval_ns = 1'000'000'000, .burst_ns = 10'000'000'000};
constexpr LinePace::Rate kNetnsLines{.interval_ns = 500'000'000, .burst_ns = 64'000'000'000};
constexpr LinePace::Rate kAllNetnsLines{.interval_ns = 50'000'000, .burst_ns = 50'000'000'000};
constexpr milliseconds kBoundaryPatience{100};
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
                           const Snapshot& snapshot, Shared shared, milliseconds patience)
    : config_(config),
      own_(std::move(own)),
      limits_(config.limits),
      link_(link),
      parent_(snapshot.parent),
      name_{link.name, link.ifindex, own_netns_inode()},
      shared_(std::move(shared)),
      history_(shared_.history),
      neighbours_(shared_.neighbours),
      patience_(patience),
      route_(NETLINK_ROUTE),
      claim_pace_(kClaimantLines, kAllClaimantsLines),
      own_mac_pace_(kOwnMacLines, kAllOwnMacsLines),
      space_pace_(kNetnsLines, kAllNetnsLines) {
  prepare_run_root(config_.run_root);
  lock_ = std::make_unique<ParentLock>(config_.run_root, name_.text());
  neighbours_.count_parents();
  prepare_pin_root(config_.pin_root);
  follow_rename(config_.pin_root, config_.run_root, name_);
  folder_ = prepare_pin_folder(config_.pin_root, name_.text());
  try {
    pin_lock_ = std::make_unique<PinLock>(folder_);
    Programs::check(program_options(), link_);
    programs_ = std::make_unique<Programs>(program_options());
    const auto& maps = programs_->maps();
    reflections_arrive_ = reflections_arrive();
    const auto flags = maps.limits().flags;
    pairs_filter_.emplace(maps.filter(), ARPL_FILTER_PAIRS, (flags & ARPL_LIMIT_OTHER_PAIRS) != 0, now_ns());
    heard_filter_.emplace(maps.filter(), ARPL_FILTER_HEARD, (flags & ARPL_LIMIT_OTHER_HEARD) != 0, now_ns());
    announced_filter_.emplace(maps.filter(), ARPL_FILTER_ANNOUNCED, (flags & ARPL_LIMIT_OTHER_ANNOUNCED) != 0,
                              now_ns());
    if (!decides_alone()) tag_watch_ = std::make_unique<TagWatch>(link_.ifindex);
    storm_ = std::make_unique<Storm>(maps, route_, link_.ifindex);
    storm_->set(storm_limits_for(config_));
    set_limits();
    registry_ = std::make_unique<EndpointRegistry>(maps);
    events_ = std::make_unique<Events>(maps.fd("events"), [this](const arpl_event& event) { on_event(event); });
    auto changes = registry_->start(own_, snapshot);
    storm_->set_containers([this] { return containers(); });
    protocol_driver_ = std::make_unique<ProtocolDriver>(config_, own_, maps, *registry_, shared_.open_netns);
    protocol_driver_->hide_tags(hides_tags());
    protocol_driver_->start(now_ns());
    if (decides_alone()) {
      front_ = std::make_unique<EngineIngressControl>(maps);
      front_->publish(*registry_);
    }
    forget_kept(changes);
    programs_->attach();
    shared_.refused.watch(link_.ifindex);
    if (needs_service()) start_service(wants_ring());
    shared_.leases.add(maps.lease_word());
    second();
    tick();
    keep_up(now_ns());
    log(changes);
  } catch (...) {
    service_.reset();
    if (programs_) {
      shared_.leases.remove(programs_->maps().lease_word());
      programs_->give_up();
    }
    if (pin_lock_ && names_of_pins(folder_).empty()) remove_pin_folder(folder_);
    throw;
  }
  patience_ = kPatienceInTheLoop;
  if (programs_->changed_mode())
    spdlog::warn(
        "{}: the program that an earlier run left was attached in another way and has been taken off first",
        visible(link_.name));
  spdlog::info("{}: serving {} endpoints in mode {}{}", visible(link_.name),
               registry_->table().entries().size(), config_.mode == Mode::observe ? "observe" : "answer",
               programs_->took_over() ? ", with what an earlier run left pinned" : "");
}

ServedParent::~ServedParent() {
  if (!stopped_) stop(OnStop::detach);
}

void ServedParent::start_service(bool ring) {
  const auto& maps = programs_->maps();
  service_ = shared_.factory(
      {.link = link_,
       .parent = own_,
       .ring = ring,
       .tables = {.slots = maps.slots(), .credit = maps.credit(), .counts = maps.engine_counts().data()},
       .xsks_map_fd = maps.fd("xsks_map"),
       .pins = folder_,
       .front = front_ ? &front_->tables() : nullptr,
       .patience = patience_});
  ring_ = ring;
  ring_queues_ = {link_.rx_queues, link_.tx_queues};
}

// What the program handed over before the rings were closed is still answered.
void ServedParent::stop_service() {
  if (!service_) return;
  programs_->maps().close_rings();
  std::this_thread::sleep_for(kSettle);
  service_->drain_and_stop();
  lost_before_ += service_->lost_orders();
  not_handed_over_before_ += service_->not_handed_over();
  service_.reset();
  ring_ = false;
}

// Sockets on the parent's queues cost memory, and the number of queues can't be reduced under them: only where
// a frame can get into one. DPDK's devices are what the operator asked for.
bool ServedParent::wants_ring() const {
  if (own_.port == PortKind::ethdev) return can_have_ring();
  const auto rate = [&](const char* name) { return limits_.rate(*find_limit(name)); };
  const bool budget = rate("ring") != Rate{0} || rate("ring_new") != Rate{0};
  return can_have_ring() && (!fast_path() || budget || !own_.fast_path_exclude.empty());
}

// After the limits: what the program hands over has somewhere to go, and while it has not, its kernel answers.
void ServedParent::fit_service() {
  if (!needs_service()) return stop_service();
  const bool wanted = wants_ring();
  const bool fits =
      own_.port == PortKind::ethdev || ring_queues_ == std::pair{link_.rx_queues, link_.tx_queues};
  if (service_ && wanted == ring_ && (fits || !ring_)) return;
  stop_service();
  try {
    start_service(wanted);
    ring_complaint_.clear();
  } catch (const SetupError& error) {
    if (error.what() != ring_complaint_) spdlog::warn("{}; tried again every second", error.what());
    ring_complaint_ = error.what();
    if (own_.port != PortKind::ethdev) start_service(false);
  }
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
bool ServedParent::can_have_ring() const {
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
        visible(link_.name));
}

// A veth hands what is sent by XDP_TX to the other end only where that has an XDP program too; without one the
// answer is lost (drivers/net/veth.c, veth_xdp_flush).
bool ServedParent::reflections_arrive() {
  if (link_.kind != "veth" || own_.generic_xdp || decides_alone()) return true;
  try {
    const auto other = get_link(route_, link_.lower_netns, link_.lower);
    return other && other->xdp_mode == XdpMode::native;  // a generic one brings no NAPI along
  } catch (const SetupError&) {
    return false;  // asked on every tick: who can't be asked now is asked again
  }
}

void ServedParent::watch_reflections() {
  const bool arrive = reflections_arrive();
  if (arrive == reflections_arrive_) return;
  reflections_arrive_ = arrive;
  set_limits();
  fit_service();
  if (own_.fast_path) {
    spdlog::info("{}: {}", visible(link_.name),
                 arrive ? "the veth's other end has an XDP program: the fast path is on"
                        : "the veth's other end has no XDP program: the fast path is off");
  }
}

bool ServedParent::fast_path() const {
  return own_.fast_path && reflections_arrive_ && driver_sends_;
}

void ServedParent::set_limits() {
  auto& map = programs_->maps().limits();
  const Switches switches{.hidden_tags = hides_tags(),
                          .fast_path = fast_path(),
                          .in_pieces = parent_.mtu > kOneBufferMtu,
                          .one_queue = decides_alone() || (can_have_ring() && link_.rx_queues == 1),
                          .other_pairs = pairs_filter_->other(),
                          .other_heard = heard_filter_->other(),
                          .other_announced = announced_filter_->other(),
                          .mac = link_.mac};
  auto wanted = limits_for(config_, limits_, switches, map);
  const auto fitted = fit(wanted);
  put_limits(wanted, map);
  if (fitted.factor() != neighbour_fit_.factor())
    spdlog::info("{}: {}", visible(link_.name),
                 fitted.factor() < 1 ? explain(fitted) : "all limits are in force as they are set");
  neighbour_fit_ = fitted;
  if (protocol_driver_) protocol_driver_->hide_tags(switches.hidden_tags);
}

void ServedParent::use_limits(const Limits& limits) {
  limits_ = limits;
  set_limits();
  fit_service();
}

// What is withdrawn and still there has only changed.
void ServedParent::forget_kept(Table::Changes& changes) const {
  std::erase_if(changes.withdrawn, [this](const Table::Entry& entry) {
    return registry_->table().entries().contains(entry.desired.key);
  });
}

void ServedParent::follow(Table::Changes changes, std::uint64_t heard_at) {
  protocol_driver_->follow(changes, now_ns());
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
  if (publishes) front_->publish(*registry_);
  const bool passed =
      (unsettled_.empty() && !publishes) || !service_ || service_->pass_boundary(kBoundaryPatience);
  if (!passed) spdlog::warn("{}: the worker does not pass its burst boundary", visible(link_.name));
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
    spdlog::info("{}: withdrew {} ({}) of {}/{}: {}", visible(link_.name), format_ipv4(desired.key.address),
                 format_mac(desired.word), visible(desired.netns), visible(desired.interface),
                 reason_of(tombstone));
  }
  for (const auto& [slot, desired] : changes.added) {
    if (!may_log(desired, now)) continue;
    if (!desired.also_at.empty()) {
      log_also_at(desired);
    } else {
      spdlog::info("{}: found {} ({}) of {}/{}", visible(link_.name), format_ipv4(desired.key.address),
                   format_mac(desired.word), visible(desired.netns), visible(desired.interface));
    }
  }
  for (const auto& [slot, desired] : changes.also_at)
    if (may_log(desired, now)) log_also_at(desired);
  for (const auto& [slot, desired] : changes.reconfigured)
    if (may_log(desired, now))
      spdlog::info("{}: reconfigured {} of {}/{}", visible(link_.name), format_ipv4(desired.key.address),
                   visible(desired.netns), visible(desired.interface));
  if (changes.refused > 0) log_waiting();
}

// Whenever it is another one that waits.
void ServedParent::log_waiting() {
  std::string names;
  for (const auto& [netns, addresses] : registry_->waiting())
    names += (names.empty() ? "" : ", ") + visible(netns);
  if (names == waiting_) return;
  waiting_ = names;
  if (!names.empty())
    spdlog::warn("{}: no room in the table for addresses of {}: left to their kernels until there is",
                 visible(link_.name), names);
}

// A namespace of thousands of addresses leaves room in the log for the others.
bool ServedParent::may_log(const Desired& desired, std::uint64_t now) {
  const auto nsid = desired.settings ? desired.settings->nsid : AddressCandidates::kStatics;
  if (space_pace_.take(static_cast<std::uint32_t>(nsid), now)) return true;
  ++left_out_[desired.netns];
  return false;
}

void ServedParent::log_left_out() {
  for (const auto& [netns, lines] : std::exchange(left_out_, {}))
    spdlog::info("{}: {} lines about {} left out", visible(link_.name), lines, visible(netns));
}

void ServedParent::log_also_at(const Desired& desired) {
  const auto address = format_ipv4(desired.key.address);
  const auto place =
      fmt::format("{}/{} ({})", visible(desired.netns), visible(desired.interface), format_mac(desired.word));
  if (desired.also_at.empty()) {
    spdlog::info("{}: {} is at {} only", visible(link_.name), address, place);
  } else if ((desired.word & ARPL_SLOT_DUPLICATE) != 0) {
    spdlog::warn(
        "{}: {} is at {} and at {}, and nobody knows who was first: left to their kernels until one is left",
        visible(link_.name), address, place, desired.also_at);
  } else {
    spdlog::warn("{}: {} of {} is also at {}: who had it first stays served", visible(link_.name), address,
                 place, desired.also_at);
  }
}

void ServedParent::update(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at) {
  std::vector<Interface> ours;
  for (const auto& child : children)
    if (child.parent == link_.ifindex) ours.push_back(child);
  follow(registry_->update(nsid, std::move(ours), heard_at), heard_at);
}

void ServedParent::host_has(HostAddresses addresses, std::uint64_t heard_at) {
  follow(registry_->host_has(std::move(addresses), heard_at), heard_at);
  settle();
}

void ServedParent::go_on() {
  if (registry_->done()) return;
  const auto since = registry_->due_since();
  follow(registry_->go_on(), since);
  settle();
}

void ServedParent::update_link(const ParentLink& link) {
  if (link == parent_) return;
  if (link.running && (!parent_.running || link.carrier_ups != parent_.carrier_ups))
    protocol_driver_->carrier_up(now_ns());
  keep_up_at_ = 0;
  parent_ = link;
  if (link.name != link_.name) history_.rename(link_.name, link.name);
  link_.name = link.name;
  protocol_driver_->rename(link.name);
  registry_->set_parent(link);
  if (front_) front_->publish(*registry_);
  if (const auto info = find_link(route_, link_.ifindex)) link_ = *info;
  set_limits();
}

void ServedParent::reconfigure(const Config& config, const ParentConfig& own) {
  config_ = config;
  own_ = own;
  limits_ = config.limits;
  protocol_driver_->set(config, own, now_ns());
  keep_up_at_ = 0;
  storm_->set(storm_limits_for(config_));
  // Before the program hands anything over, and after it has ceased to.
  if (needs_service() && !service_) fit_service();
  set_limits();
  fit_service();
  const auto now = now_ns();
  follow(registry_->choose(own, now), now);
  settle();
}

// The programs ask the other part first: what is cleared is asked by nobody.
void ServedParent::rotate_filters(std::uint64_t now) {
  for (const auto& [filter, period_ns] : {std::pair{&*pairs_filter_, config_.pair_ttl_ns},
                                          std::pair{&*heard_filter_, std::uint64_t{ARPL_HEARD_NS}},
                                          std::pair{&*announced_filter_, std::uint64_t{ARPL_ANNOUNCED_NS}}}) {
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
  watch_neighbours();
  watch_refused(now);
  watch_queues();
  fit_service();
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
  registry_->population().each([&all](const Interface& one) {
    all.push_back({.nsid = one.netns.own ? std::nullopt : std::optional{one.netns.nsid},
                   .ifindex = one.ifindex,
                   .place = visible(one.netns.name) + "/" + visible(one.name)});
  });
  return all;
}

// No event tells that somebody has changed their number (ethtool -L).
void ServedParent::watch_queues() {
  if (decides_alone()) return;
  const auto queues = driver_info(link_.name);
  if (queues.rx_queues == link_.rx_queues && queues.tx_queues == link_.tx_queues) return;
  link_.rx_queues = queues.rx_queues;
  link_.tx_queues = queues.tx_queues;
  set_limits();
}

void ServedParent::watch_refused(std::uint64_t now) {
  const auto refused = shared_.refused.count(link_.ifindex);
  if (!refused) return;
  const auto verdicts = programs_->maps().verdicts();
  const bool sends =
      reflect_guard_.look(verdicts.at(ARPL_reflect) + verdicts.at(ARPL_reflect_new), *refused, now);
  if (sends == driver_sends_) return;
  driver_sends_ = sends;
  set_limits();
  if (own_.fast_path)
    spdlog::warn("{}: {}", visible(link_.name),
                 sends ? "the fast path is tried again"
                       : "the driver does not send what XDP answers: the fast path is off for a while");
}

void ServedParent::watch_groups() {
  storm_->watch();
  if (storm_->takers() != takers_) {
    takers_ = storm_->takers();
    if (takers_.empty()) {
      spdlog::info("{}: no container takes all multicast any more", visible(link_.name));
    } else {
      spdlog::warn("{}: {} takes all multicast: limits.multicast is in force all the same", visible(link_.name),
                   takers_);
    }
  }
  if (storm_->lifted() == lifted_) return;
  lifted_ = storm_->lifted();
  spdlog::warn("{}: limits.multicast is {}", visible(link_.name),
               lifted_.empty() ? "in force" : "lifted: " + lifted_);
}

// A budget that makes neighbours gets no more than this parent's part of the room in their table.
NeighbourFit ServedParent::fit(arpl_limits& limits) const {
  const auto room = neighbours_.room_of_a_parent();
  return config_.host_share && room ? fit_neighbours(limits, *room) : NeighbourFit{};
}

// Without room for an entry the kernel does not answer (net/core/neighbour.c): TO_CHILD would only make it
// worse.
void ServedParent::watch_neighbours() {
  auto& map = programs_->maps().limits();
  if (neighbours_.full_at() > map.neigh_full_ns) map.neigh_full_ns = neighbours_.full_at();
  auto now_wanted = map;
  limits_.write(now_wanted);
  if (fit(now_wanted) != neighbour_fit_) set_limits();
}

// The frame passes the egress program while it is being sent, or never. Where it does not, our filter is
// missing, or another one is in front of it.
void ServedParent::watch_egress(std::uint64_t now) {
  if (egress_ == "seen" && now - self_test_at_ < kSelfTestEveryNs) return;
  if (!egress_is_seen()) put_back_egress(now);
  self_test_at_ = now;
}

bool ServedParent::egress_is_seen() {
  const auto before = programs_->maps().egress_stats().self_tests;
  if (!send_self_test(link_.ifindex, parent_.mac)) return true;  // the parent is down: nothing can be said
  if (programs_->maps().egress_stats().self_tests == before) return false;
  if (egress_ == "hidden") spdlog::warn("{}: no egress filter hides ours any more", visible(link_.name));
  if (egress_ == "missing") spdlog::warn("{}: our egress filter is back", visible(link_.name));
  egress_ = "seen";
  std::atomic_ref<__u64>(programs_->maps().limits().egress_seen_ns).store(now_ns());
  return true;
}

void ServedParent::put_back_egress(std::uint64_t now) {
  egress_looked_at_ = now;
  try {
    if (programs_->has_egress()) {
      if (egress_ != "hidden")
        spdlog::warn("{}: another egress filter hides ours: nothing is confirmed any more",
                     visible(link_.name));
      egress_ = "hidden";
      return;
    }
    programs_->attach_egress();
    spdlog::warn("{}: somebody has removed our egress filter; it is attached again", visible(link_.name));
    ++egress_put_back_;
    egress_complaint_.clear();
    egress_ = "unknown";
    egress_is_seen();
  } catch (const SetupError& error) {
    if (error.what() != egress_complaint_) spdlog::warn("{}", error.what());
    egress_complaint_ = error.what();
    egress_ = "missing";
  }
}

// Our own changes are told, too: only what is missing is an occasion. What comes too soon is seen by the next
// self-test.
void ServedParent::on_filters() {
  const auto now = now_ns();
  if (!attached() || now - egress_looked_at_ < kPutBackEveryNs) return;
  egress_looked_at_ = now;
  try {
    if (!programs_->has_egress() || !egress_is_seen()) put_back_egress(now);
  } catch (const SetupError&) {
    return;  // the parent is on its way out
  }
}

void ServedParent::on_link_elsewhere(std::optional<int> nsid, int ifindex) {
  if (attached() && link_.kind == "veth" && link_.lower == ifindex && link_.lower_netns == nsid)
    watch_reflections();
}

void ServedParent::tick() {
  if (!attached()) return;
  watch_reflections();
  watch_egress(now_ns());
  collect();
}

std::uint64_t ServedParent::keep_up(std::uint64_t now) {
  if (now >= keep_up_at_ && attached())
    keep_up_at_ = protocol_driver_->run(now, config_.mode == Mode::answer ? service_.get() : nullptr);
  return keep_up_at_;
}

// Where there is no program that counts and tells by itself.
void ServedParent::collect() {
  if (front_) front_->collect([this](const arpl_event& event) { on_event(event); });
}

bool ServedParent::healthy(std::uint64_t now) {
  const bool alive = !service_ || watchdog_.alive(service_->heartbeat(), now);
  if (alive != healthy_)
    spdlog::error("{}: the worker {}", visible(link_.name), alive ? "moves again" : "does not move on");
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
  if (is_claim && registry_->is_no_claim(event)) return;
  protocol_driver_->on_event(event, now_ns());
  keep_up_at_ = 0;
  if (event.type == ARPL_EVENT_OWN_MAC) return on_own_mac(event);
  if (!is_claim) return;
  claims_.on({.address = event.address, .vlan = event.vlan, .zero = 0}, event.mac, way_of(event), event.time_ns,
             registry_->claim_origin_of(event));
  log_claim(event);
}

void ServedParent::on_own_mac(const arpl_event& event) {
  if (registry_->on_own_mac(event)) {
    const auto owner = registry_->owner_of(event.mac);
    spdlog::warn(
        "{}: a station on the wire that says {} has {} of {} too: its frames are answered as any other's",
        visible(link_.name), format_ipv4(event.address), format_mac(event.mac), place_of(owner));
    return;
  }
  if (registry_->shared().contains(event.mac)) return;  // it has been said
  if (registry_->comes_back(event.mac) || !own_mac_pace_.take(event.mac, event.time_ns)) return;
  spdlog::warn("{}: {} is ours and came in from the wire: a loop or a duplicate MAC", visible(link_.name),
               format_mac(event.mac));
}

// Whatever the wire or a container says: a bound for each, and one for all.
void ServedParent::log_claim(const arpl_event& event) {
  if (!claim_pace_.take(event.mac, event.time_ns)) return;
  const auto owner = registry_->owner_of(event.mac);
  spdlog::warn("{}: {}{} claims {} ({})", visible(link_.name), format_mac(event.mac),
               owner.interface.empty() ? "" : " of " + place_of(owner), format_ipv4(event.address),
               how_it_came(way_of(event)));
}

void ServedParent::stop(OnStop how) {
  if (stopped_) return;
  stopped_ = true;
  shared_.refused.forget(link_.ifindex);
  const auto& maps = programs_->maps();
  const bool keep = how == OnStop::keep && attached();
  shared_.leases.remove(maps.lease_word());
  maps.set_lease(keep ? now_ns() + kKeepLeaseNs : 0);
  stop_service();
  if (!keep) programs_->detach();
  spdlog::info("{}: {}", visible(link_.name), keep ? "stopped, programs kept" : "detached");
}

std::vector<std::string> ServedParent::warnings() const {
  std::vector<std::string> warnings;
  if (egress_ == "hidden") {
    warnings.push_back(
        "another egress filter hides ours: nothing is ever confirmed, only TO_CHILD and announcements work; "
        "see `" +
        Command("tc filter show dev {} egress", link_.name).text() + "`");
  }
  if (egress_ == "missing") {
    warnings.push_back(
        "our egress filter is missing: nothing is confirmed, only TO_CHILD and announcements work; " +
        egress_complaint_);
  }
  if (hides_tags()) {
    const bool customer = link_.rx_vlan_offload.value_or(true);
    warnings.push_back(fmt::format(
        "VLANs are in play and the NIC strips tags: who-has above the to_child budget pass; see them with "
        "`{}{}{}`",
        Command("ethtool -K {}", link_.name).text(), customer ? " rxvlan off" : "",
        hides_service_tags() ? " rx-vlan-stag-hw-parse off" : ""));
  }
  if (own_.fast_path && !reflections_arrive_) {
    warnings.emplace_back(
        "the fast path is off: what XDP sends is lost while the veth's other end has no XDP program; "
        "fast_path = false says that this is wanted");
  }
  if (own_.fast_path && reflections_arrive_ && !driver_sends_)
    warnings.emplace_back("the fast path is off for a while: the driver does not send what XDP answers");
  if (!ring_complaint_.empty()) warnings.push_back("no ring although one is wanted: " + ring_complaint_);
  if (!storm_->lifted().empty()) warnings.push_back("limits.multicast is lifted: " + storm_->lifted());
  for (const auto& [netns, addresses] : registry_->waiting()) {
    warnings.push_back(
        fmt::format("{} addresses of {} find no room: the table has {}, and one namespace gets {} of them",
                    addresses, visible(netns), ARPL_MAX_ENDPOINTS, EndpointRegistry::kShare));
  }
  for (const auto mac : registry_->shared())
    warnings.push_back(
        fmt::format("{} of {} is also a station's on the wire: its frames are answered as any other's",
                    format_mac(mac), place_of(registry_->owner_of(mac))));
  if (!storm_->takers().empty()) {
    warnings.push_back(storm_->takers() + " takes all multicast: limits.multicast is in force all the same");
  }
  if (protocol_driver_->is_too_slow())
    warnings.emplace_back("announce.pps does not suffice to announce every endpoint once per announce.refresh");
  if (const auto full = neighbours_.warning(); !full.empty()) warnings.push_back(full);
  if (const auto frames = not_handed_over_before_ + (service_ ? service_->not_handed_over() : 0); frames > 0)
    warnings.push_back(fmt::format("{} frames for the kernel found no room on their way to it", frames));
  if (service_ && service_->queues() == 0 && !fast_path() && !can_have_ring())
    warnings.emplace_back("no ring on this kind of parent: TO_CHILD and announcements only");
  return warnings;
}

ParentStatus ServedParent::status() const {
  auto status = gather(programs_->maps(), name_, folder_);
  status.parent = link_.name;
  status.daemon = true;
  status.queues = service_ ? service_->queues() : 0;
  status.announcements_lost = lost_before_ + (service_ ? service_->lost_orders() : 0);
  status.egress = egress_;
  status.egress_attached_again = egress_put_back_;
  status.reflect_refused = shared_.refused.count(link_.ifindex);
  if (own_.fast_path && !driver_sends_) status.fast_path = "refused_by_the_driver";
  if (own_.fast_path && !reflections_arrive_) status.fast_path = "no_xdp_at_the_other_end";
  for (const auto& spec : limit_specs())
    status.limits.insert_or_assign(std::string{spec.name}, limits_.rate(spec));
  status.found = found_.to_json();
  status.withdrawn = withdrawn_.to_json();
  for (auto& endpoint : status.endpoints) {
    endpoint.claimants = claims_.of(endpoint.key);
    const auto it = registry_->table().entries().find(endpoint.key);
    if (it == registry_->table().entries().end()) continue;
    endpoint.netns = it->second.desired.netns;
    endpoint.interface = it->second.desired.interface;
    endpoint.also_at = it->second.desired.also_at;
    endpoint.heard_at = it->second.desired.heard_at;
    protocol_driver_->describe(it->second.slot, endpoint, status.now);
    if ((endpoint.slot.word & ARPL_SLOT_FLAGS_MASK) != 0 && it->second.desired.settings)
      endpoint.trail = history_.life_of(*it->second.desired.settings);
  }
  status.neighbours = neighbours_.to_json(neighbour_fit_);
  protocol_driver_->describe(status);
  name_claimants(status);
  status.warnings = warnings();
  return status;
}

// Those that are on this host, if there are any.
void ServedParent::name_claimants(ParentStatus& status) const {
  const auto is_claimed = [](const EndpointStatus& endpoint) { return !endpoint.claimants.empty(); };
  if (std::ranges::none_of(status.endpoints, is_claimed)) return;
  const auto owners = registry_->owners();
  for (const auto& endpoint : status.endpoints)
    for (const auto& claimant : endpoint.claimants)
      if (const auto owner = owners.find(claimant.mac); owner != owners.end())
        status.claimants.emplace(claimant.mac, place_of(owner->second));
}

std::vector<Sender> ServedParent::senders() const {
  return gather_senders(programs_->maps(), registry_->owners(), link_.name);
}

}  // namespace arpline
