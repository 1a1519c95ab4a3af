// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "config/config.hpp"
#include "control/endpoint_registry.hpp"
#include "control/engine_ingress.hpp"
#include "control/filter_rotation.hpp"
#include "control/gather.hpp"
#include "control/leases.hpp"
#include "control/line_pace.hpp"
#include "control/neighbours.hpp"
#include "control/protocol_driver.hpp"
#include "control/reflect_guard.hpp"
#include "control/worker_watchdog.hpp"
#include "endpoints/claims.hpp"
#include "endpoints/history.hpp"
#include "kernel/events.hpp"
#include "kernel/link.hpp"
#include "kernel/pins.hpp"
#include "kernel/programs.hpp"
#include "kernel/refused.hpp"
#include "kernel/storm.hpp"
#include "kernel/tag_watch.hpp"
#include "report/samples.hpp"
#include "worker/service.hpp"

namespace arpline {

/// What the worker of a parent is made of.
struct ServiceWanted {
  const LinkInfo& link;
  const ParentConfig& parent;
  bool ring;  ///< on every queue, or none
  WorkerTables tables;
  int xsks_map_fd;                     ///< the sockets go there
  std::string pins;                    ///< folder
  EngineIngressTables* front;          ///< of an engine without ingress in front; otherwise nullptr
  std::chrono::milliseconds patience;  ///< for queues that a killed owner has not let go of yet
};
/// Throws SetupError.
using ServiceFactory = std::function<std::unique_ptr<Service>(const ServiceWanted&)>;

/// One parent while it is served, from lock to lease. Owned and driven by the control thread.
class ServedParent {
 public:
  /// What it shares with the daemon's other parents; outlives it.
  struct Shared {
    ServiceFactory factory;
    OpenNetns open_netns;
    History& history;
    Neighbours& neighbours;
    Refused& refused;
    Leases& leases;
  };

  /// Attaches and serves; on an error nothing of it is left behind, and what an earlier run left attached stays
  /// as it is. `patience`: for queues that a killed owner has not let go of. Throws SetupError.
  ServedParent(const Config& config, ParentConfig own, const LinkInfo& link, const Snapshot& snapshot,
               Shared shared, std::chrono::milliseconds patience);
  ServedParent(const ServedParent&) = delete;
  ServedParent& operator=(const ServedParent&) = delete;
  /// Detaches, unless stop() has been called.
  ~ServedParent();

  /// Sees whether the egress program and the fast path work. Every kTickNs.
  void tick();
  /// Somebody has changed a qdisc or a filter of the parent: puts ours back where it is missing, at once.
  void on_filters();
  /// A link somewhere has changed that may be a veth's other end; nsid: none for the own namespace.
  void on_link_elsewhere(std::optional<int> nsid, int ifindex);
  /// Announces, defends and probes where it is due; does nothing before its time. Returns when to call it
  /// again.
  std::uint64_t keep_up(std::uint64_t now);
  /// Looks at the neighbour table, what the driver refused, the number of queues and the joined groups. Every
  /// second.
  void second();
  /// One namespace has these children now; those of other parents are left out. What this withdraws may still
  /// be answered for until settle().
  void update(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at);
  /// The host's kernel answers for these addresses itself now. Then as update().
  void host_has(HostAddresses addresses, std::uint64_t heard_at);
  /// The next part of what update() or another of them has left to be done; returns after settle().
  void go_on();
  bool busy() const noexcept { return !registry_->done(); }
  /// Returns when nothing that has been withdrawn is answered for any more.
  void settle();
  /// The parent itself has changed. Throws SetupError.
  void update_link(const ParentLink& link);
  /// Another configuration, without losing a frame. What needs a restart is the caller's to refuse. Throws
  /// SetupError.
  void reconfigure(const Config& config, const ParentConfig& own);
  /// Those in force, and those that the configuration has.
  const Limits& limits() const noexcept { return limits_; }
  const Limits& configured_limits() const noexcept { return config_.limits; }
  /// Others, at once; until reconfigure().
  void use_limits(const Limits& limits);
  /// How those that make neighbours fit into the neighbour table.
  const NeighbourFit& neighbour_fit() const noexcept { return neighbour_fit_; }
  /// False after somebody else took our program off the parent, or the parent is gone.
  bool attached() const noexcept { return programs_->attached(); }
  /// False while the worker does not move on; says so in the log when that changes. Every kTickNs.
  bool healthy(std::uint64_t now);
  /// Ends orderly: nothing that is in a ring is lost. `keep` leaves the programs pinned, with a last lease.
  void stop(OnStop how);

  ParentStatus status() const;
  /// What has left through the parent, by sender.
  std::vector<SenderStatus> senders() const;
  /// A tagged frame has come in when it is readable; -1: nobody listens. See watch_tags().
  int tags_fd() const noexcept { return tag_watch_ ? tag_watch_->fd() : -1; }
  void watch_tags();
  int events_fd() const noexcept { return events_->fd(); }
  /// Returns whether the programs saw a MAC that nobody knows: there may be a child that was not found.
  bool drain_events() noexcept;
  std::string socket_path() const { return lock_->socket_path(); }
  int ifindex() const noexcept { return link_.ifindex; }
  const ForeignText& name() const noexcept { return link_.name; }

  static constexpr std::uint64_t kTickNs = 250'000'000;
  static constexpr std::uint64_t kKeepLeaseNs = 3'000'000'000;

 private:
  void start_service(bool ring);
  void stop_service();
  void fit_service();
  bool wants_ring() const;
  void watch_queues();
  void watch_refused(std::uint64_t now);
  void put_back_egress(std::uint64_t now);
  bool egress_is_seen();
  void set_limits();
  bool reflections_arrive();
  void watch_reflections();
  void rotate_filters(std::uint64_t now);
  bool fast_path() const;
  bool decides_alone() const { return ingress_of(own_) == Ingress::engine; }
  /// In observe the program passes everything; an engine without it has to hand everything over.
  bool needs_service() const { return config_.mode == Mode::answer || decides_alone(); }
  void collect();
  void follow(Table::Changes changes, std::uint64_t heard_at);
  void forget_kept(Table::Changes& changes) const;
  void log(const Table::Changes& changes);
  NeighbourFit fit(arpl_limits& limits) const;
  void watch_neighbours();
  bool may_log(const Desired& desired, std::uint64_t now);
  void log_left_out();
  void log_waiting();
  void log_also_at(const Desired& desired);
  void on_own_mac(const arpl_event& event);
  void log_claim(const arpl_event& event);
  void watch_egress(std::uint64_t now);
  void watch_offloads();
  void watch_groups();
  std::vector<Storm::Container> containers() const;
  void on_event(const arpl_event& event);
  void name_claimants(ParentStatus& status) const;
  ProgramOptions program_options() const;
  bool can_have_ring() const;
  bool hides_tags() const;
  bool hides_service_tags() const;
  std::vector<std::string> warnings() const;

  Config config_;
  ParentConfig own_;
  Limits limits_;
  LinkInfo link_;
  ParentLink parent_;
  PinName name_;
  std::string folder_;
  Shared shared_;
  History& history_;
  Neighbours& neighbours_;
  std::chrono::milliseconds patience_;
  std::unique_ptr<ParentLock> lock_;
  std::unique_ptr<PinLock> pin_lock_;
  std::unique_ptr<Programs> programs_;
  std::unique_ptr<EndpointRegistry> registry_;
  std::unique_ptr<Events> events_;
  std::unique_ptr<EngineIngressControl> front_;
  std::unique_ptr<Service> service_;
  std::pair<unsigned, unsigned> ring_queues_;  // receive, transmit: what it was made for
  LostOrders lost_before_;                     // by services before this one
  std::uint64_t not_handed_over_before_ = 0;
  std::string ring_complaint_;  // why there is none although one is wanted
  std::optional<FilterRotation> pairs_filter_;
  std::optional<FilterRotation> heard_filter_;
  std::optional<FilterRotation> announced_filter_;
  WorkerWatchdog watchdog_;
  std::unique_ptr<ProtocolDriver> protocol_driver_;
  std::uint64_t keep_up_at_ = 0;
  Claims claims_;
  Samples found_;
  Samples withdrawn_;
  std::vector<std::uint64_t> unsettled_;  // when it was heard what has been withdrawn since settle()
  std::vector<Table::Changes> untold_;    // to the log, since then
  Netlink route_;
  std::unique_ptr<Storm> storm_;
  std::unique_ptr<TagWatch> tag_watch_;
  std::string takers_;  // Storm::takers(), likewise
  std::string lifted_;  // as it was told to the log
  NeighbourFit neighbour_fit_;
  ReflectGuard reflect_guard_;
  std::string egress_ = "unknown";
  std::string egress_complaint_;  // why our filter could not be put back
  std::uint64_t egress_put_back_ = 0;
  std::uint64_t egress_looked_at_ = 0;
  std::uint64_t self_test_at_ = 0;
  LinePace claim_pace_;                          // of claims, by sender
  LinePace own_mac_pace_;                        // of own MACs that come in from the wire
  LinePace space_pace_;                          // of what is found and goes, by namespace
  std::string waiting_;                          // as it was told to the log
  std::map<ForeignText, std::size_t> left_out_;  // of those lines, by namespace
  bool ring_ = false;                            // the service has one
  bool healthy_ = true;
  bool reflections_arrive_ = true;  // what XDP_TX sends is not lost
  bool driver_sends_ = true;        // what the guard said last
  bool stranger_ = false;
  bool stopped_ = false;
};

}  // namespace arpline
