// SPDX-License-Identifier: Apache-2.0
#include "control/parent.hpp"

#include <spdlog/spdlog.h>

#include <thread>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "kernel/netns.hpp"
#include "kernel/self_test.hpp"
#include "shared/bucket.h"
#include "shared/slot.h"

namespace arpline {
namespace {

using std::chrono::milliseconds;

// One source MAC may take a quarter of the TO_CHILD budget: four talkers must collude to use it up.
constexpr std::uint64_t kSourceShare = 4;
// A budget may be saved up for five seconds.
constexpr std::uint64_t kBurstSeconds = 5;
constexpr std::uint64_t kEventsPerSecond = 100;
// Two bursts: one under way on either side. 64 starves the worker, more than 128 gains nothing.
constexpr std::uint64_t kCreditWindow = 128;
constexpr std::uint64_t kSelfTestEveryNs = 60'000'000'000;
constexpr std::uint64_t kLogIntervalNs = 1'000'000'000;
constexpr std::uint64_t kLogBurstNs = 10'000'000'000;
constexpr milliseconds kBoundaryPatience{500};
// Longer than a NAPI poll: what the program handed over before the rings were closed has arrived.
constexpr milliseconds kSettle{5};

// bucket.h's words for a rate per second; 0 gives nothing.
void set_budget(__u64& interval_ns, __u64& burst_ns, std::uint64_t per_second) {
  interval_ns = per_second == 0 ? ARPL_SECOND_NS : std::max<__u64>(1, ARPL_SECOND_NS / per_second);
  burst_ns = per_second == 0 ? 0 : std::max<__u64>(interval_ns, kBurstSeconds * ARPL_SECOND_NS);
}

}  // namespace

class ServedParent::MapOfEndpoints final : public EndpointMap {
 public:
  explicit MapOfEndpoints(const Maps& maps) : maps_(maps) {}
  bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) override {
    return maps_.put_endpoint(key, value);
  }
  void erase(const arpl_endpoint_key& key) override { maps_.erase_endpoint(key); }
  std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() override { return maps_.endpoints(); }

 private:
  const Maps& maps_;
};

ServedParent::ServedParent(const Config& config, const LinkInfo& link, const Snapshot& snapshot,
                           const ServiceFactory& factory)
    : config_(config),
      link_(link),
      name_{link.name, link.ifindex, own_netns_inode()},
      announcer_({.refresh_ns = config.refresh_ns, .pps = config.announce_pps}),
      route_(NETLINK_ROUTE) {
  lock_ = std::make_unique<ParentLock>(config_.run_root, name_.text());
  prepare_pin_root(config_.pin_root);
  folder_ = prepare_pin_folder(config_.pin_root, name_.text());
  try {
    programs_ = std::make_unique<Programs>(ProgramOptions{.parent = link_.name,
                                                          .ifindex = link_.ifindex,
                                                          .folder = folder_,
                                                          .generic_xdp = config_.parents.front().generic_xdp});
    const auto& maps = programs_->maps();
    set_limits(snapshot);
    map_ = std::make_unique<MapOfEndpoints>(maps);
    table_ = std::make_unique<Table>(maps.slots(), maps.stats(), *map_);
    events_ = std::make_unique<Events>(maps.fd("events"), [this](const arpl_event& event) { on_event(event); });
    const auto changes = apply(snapshot);
    programs_->attach();
    if (config_.mode == Mode::answer) {
      service_ =
          factory(link_, has_ring(),
                  {.slots = maps.slots(), .credit = maps.credit(), .counts = maps.engine_counts().data()},
                  maps.fd("xsks_map"));
    }
    watch_neighbours(now_ns());
    watch_egress(now_ns());
    tick();
    log(changes);
  } catch (...) {
    service_.reset();
    if (programs_) programs_->detach();
    if (pinned_ifindex(folder_) == 0) remove_pin_folder(folder_);
    throw;
  }
  spdlog::info("{}: serving {} endpoints in mode {}{}", link_.name, table_->entries().size(),
               config_.mode == Mode::observe ? "observe" : "answer",
               programs_->took_over() ? ", with what an earlier run left pinned" : "");
}

ServedParent::~ServedParent() {
  if (!stopped_) stop(OnStop::detach);
}

// Master devices see a frame on whatever member it came in: no queue of theirs can have a socket.
bool ServedParent::has_ring() const {
  return !config_.parents.front().generic_xdp && link_.kind != "bond" && link_.kind != "team" &&
         link_.kind != "bridge";
}

bool ServedParent::hides_tags(const Snapshot& snapshot) const {
  return (config_.parents.front().trunk || snapshot.vlan_uppers) && link_.rx_vlan_offload.value_or(true);
}

void ServedParent::set_limits(const Snapshot& snapshot) {
  auto& limits = programs_->maps().limits();
  arpl_limits wanted{};
  wanted.pair_ttl_ns = config_.pair_ttl_ns;
  set_budget(wanted.to_child_interval_ns, wanted.to_child_burst_ns, config_.to_child);
  set_budget(wanted.source_interval_ns, wanted.source_burst_ns,
             config_.to_child == 0 ? 0 : std::max<std::uint64_t>(1, config_.to_child / kSourceShare));
  set_budget(wanted.event_interval_ns, wanted.event_burst_ns, kEventsPerSecond);
  wanted.credit_window = kCreditWindow;
  wanted.neigh_full_ns = limits.neigh_full_ns;
  hidden_tags_ = hides_tags(snapshot);
  wanted.flags =
      (config_.mode == Mode::observe ? ARPL_LIMIT_OBSERVE : 0) | (hidden_tags_ ? ARPL_LIMIT_HIDDEN_TAGS : 0);
  limits = wanted;
}

// Withdrawing first: what may fail behind it must not keep a container answered for.
Table::Changes ServedParent::apply(const Snapshot& snapshot) {
  auto changes = table_->reconcile(classify(snapshot));
  // What may be announced again appears anew with the next tick.
  for (const auto* list : {&changes.withdrawn, &changes.reconfigured}) {
    for (const auto& entry : *list) announcer_.hold(entry.slot);
  }
  if (!changes.withdrawn.empty() && service_ && !service_->pass_boundary(kBoundaryPatience)) {
    spdlog::warn("{}: the worker does not pass its burst boundary", link_.name);
  }
  std::set<Mac> macs;
  for (const auto& interface : snapshot.interfaces) macs.insert(interface.mac);
  if (macs != macs_ || snapshot.parent_mac != parent_mac_) {
    programs_->maps().set_macs(snapshot.parent_mac, macs);
    macs_ = std::move(macs);
    parent_mac_ = snapshot.parent_mac;
  }
  return changes;
}

void ServedParent::log(const Table::Changes& changes) const {
  const auto each = [&](const char* what, const std::vector<Table::Entry>& entries) {
    for (const auto& [slot, desired] : entries) {
      spdlog::info("{}: {} {} ({}) of {}/{}", link_.name, what, format_ipv4(desired.key.address),
                   format_mac(desired.word), desired.netns, desired.interface);
    }
  };
  each("withdrew", changes.withdrawn);
  each("found", changes.added);
  each("reconfigured", changes.reconfigured);
  if (changes.refused > 0)
    spdlog::warn("{}: no room in the table, {} endpoints left to the kernel", link_.name, changes.refused);
}

void ServedParent::reconcile(const Snapshot& snapshot) {
  log(apply(snapshot));
  if (hides_tags(snapshot) != hidden_tags_) set_limits(snapshot);
  const auto now = now_ns();
  watch_neighbours(now);
  watch_egress(now);
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
  if (self_test_at_ != 0 && now - self_test_at_ < kSelfTestEveryNs) return;
  const auto before = programs_->maps().egress_stats().self_tests;
  if (!send_self_test(link_.ifindex, parent_mac_)) return;
  const bool seen = programs_->maps().egress_stats().self_tests > before;
  if (!seen && egress_ != "hidden") {
    spdlog::warn("{}: another egress filter hides ours: nothing is ever confirmed", link_.name);
  }
  egress_ = seen ? "seen" : "hidden";
  self_test_at_ = now;
}

void ServedParent::tick() {
  const auto now = now_ns();
  if (!attached()) return;
  programs_->maps().set_lease(now + kLeaseNs);
  if (service_) announce(now);
}

bool ServedParent::healthy(std::uint64_t now) {
  const bool alive = !service_ || pulse_.alive(service_->heartbeat(), now);
  if (alive != healthy_)
    spdlog::error("{}: the worker {}", link_.name, alive ? "moves again" : "does not move on");
  healthy_ = alive;
  return alive;
}

// Configuration decides, and what the maps have seen until this very moment.
void ServedParent::announce(std::uint64_t now) {
  const auto slots = programs_->maps().slots();
  const auto allowed = [&](const Table::Entry& entry) {
    const auto& slot = slots[entry.slot];
    return entry.desired.announceable && arpl_slot_announceable(&slot, now) != 0;
  };
  for (const auto& [key, entry] : table_->entries()) {
    if (!allowed(entry)) {
      announcer_.hold(entry.slot);
    } else if (announcer_.holds(entry.slot)) {
      announcer_.appear(entry.slot, now);
    }
  }
  for (const auto id : announcer_.tick(now)) {
    const auto* entry = table_->find_slot(id);
    if (entry == nullptr) continue;
    const auto& wanted = entry->desired;
    if (!service_->order(
            {.mac = wanted.word & ARPL_MAC_MASK, .address = wanted.key.address, .vlan = wanted.key.vlan})) {
      announcer_.appear(id, now);  // the worker is behind: once more
    }
  }
}

void ServedParent::on_event(const arpl_event& event) {
  // Whatever the wire says, at most a line a second.
  if (arpl_bucket_take(&log_pace_, event.time_ns, kLogIntervalNs, kLogBurstNs) == 0) return;
  if (event.type == ARPL_EVENT_OWN_MAC) {
    spdlog::warn("{}: {} is ours and came in from the wire: a loop or a duplicate MAC", link_.name,
                 format_mac(event.mac));
    return;
  }
  spdlog::warn("{}: {} claims {} ({})", link_.name, format_mac(event.mac), format_ipv4(event.address),
               event.type == ARPL_EVENT_CLAIM_FROM_WIRE ? "from the wire" : "on this host");
}

void ServedParent::stop(OnStop how) {
  if (stopped_) return;
  stopped_ = true;
  const auto& maps = programs_->maps();
  if (how == OnStop::keep && attached()) {
    maps.set_lease(now_ns() + kKeepLeaseNs);
    maps.close_rings();
  } else {
    maps.set_lease(0);
  }
  if (service_) {
    std::this_thread::sleep_for(kSettle);
    service_->drain_and_stop();
    service_.reset();
  }
  if (how == OnStop::detach || !attached()) programs_->detach();
  spdlog::info("{}: {}", link_.name, how == OnStop::keep ? "stopped, programs kept" : "detached");
}

ParentStatus ServedParent::status() const {
  auto status = gather(programs_->maps(), name_, folder_);
  status.parent = link_.name;
  status.daemon = true;
  status.queues = service_ ? service_->queues() : 0;
  status.announcements_lost = service_ ? service_->lost_orders() : 0;
  status.egress = egress_;
  for (auto& endpoint : status.endpoints) {
    if (const auto it = table_->entries().find(endpoint.key); it != table_->entries().end()) {
      endpoint.netns = it->second.desired.netns;
      endpoint.interface = it->second.desired.interface;
    }
  }
  if (egress_ == "hidden") {
    status.warnings.emplace_back(
        "another egress filter hides ours: nothing is ever confirmed, only TO_CHILD and "
        "announcements work; see `tc filter show dev " +
        link_.name + " egress`");
  }
  if (hidden_tags_) {
    status.warnings.emplace_back(
        "VLANs are in play and the NIC strips tags: who-has above the to_child budget pass; "
        "see them with `ethtool -K " +
        link_.name + " rxvlan off`");
  }
  if (neighbours_full_) {
    status.warnings.emplace_back("the neighbour table is nearly full: raise net.ipv4.neigh.default.gc_thresh3");
  }
  if (service_ && service_->queues() == 0) {
    status.warnings.emplace_back("no ring on this kind of parent: TO_CHILD and announcements only");
  }
  return status;
}

}  // namespace arpline
