// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "control/front.hpp"
#include "control/gather.hpp"
#include "control/line_pace.hpp"
#include "control/pulse.hpp"
#include "control/roster.hpp"
#include "control/rotation.hpp"
#include "control/upkeep.hpp"
#include "endpoints/claims.hpp"
#include "endpoints/history.hpp"
#include "kernel/events.hpp"
#include "kernel/link.hpp"
#include "kernel/pins.hpp"
#include "kernel/programs.hpp"
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
  int xsks_map_fd;     ///< the sockets go there
  std::string pins;    ///< folder
  FrontTables* front;  ///< of an engine without ingress in front; otherwise nullptr
};
/// Throws SetupError.
using ServiceFactory = std::function<std::unique_ptr<Service>(const ServiceWanted&)>;

/// One parent while it is served, from lock to lease. Owned and driven by the control thread.
class ServedParent {
 public:
  /// Attaches and serves; on an error nothing is left behind. `history` outlives it. Throws SetupError.
  ServedParent(const Config& config, ParentConfig own, const LinkInfo& link, const Snapshot& snapshot,
               ServiceFactory factory, History& history, OpenNetns open_netns);
  ServedParent(const ServedParent&) = delete;
  ServedParent& operator=(const ServedParent&) = delete;
  /// Detaches, unless stop() has been called.
  ~ServedParent();

  /// Extends the lease. Every kTickNs.
  void tick();
  /// Announces, defends and probes where it is due; does nothing before its time. Returns when to call it
  /// again.
  std::uint64_t keep_up(std::uint64_t now);
  /// Looks at the neighbour table, the egress program and the joined groups. Every second.
  void second();
  /// One namespace has these children now; those of other parents are left out. What this withdraws may still
  /// be answered for until settle().
  void update(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at);
  /// The host's kernel answers for these addresses itself now. Then as update().
  void host_has(HostAddresses addresses, std::uint64_t heard_at);
  /// The next part of what update() or another of them has left to be done; returns after settle().
  void go_on();
  bool busy() const noexcept { return !roster_->done(); }
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
  /// False after somebody else took our program off the parent, or the parent is gone.
  bool attached() const noexcept { return programs_->attached(); }
  /// False while the worker does not move on; says so in the log when that changes. Every kTickNs.
  bool healthy(std::uint64_t now);
  /// Ends orderly: nothing that is in a ring is lost. `keep` leaves the programs pinned, with a last lease.
  void stop(OnStop how);

  ParentStatus status() const;
  /// What has left through the parent, by sender.
  std::vector<Sender> senders() const;
  /// A tagged frame has come in when it is readable; -1: nobody listens. See watch_tags().
  int tags_fd() const noexcept { return tag_watch_ ? tag_watch_->fd() : -1; }
  void watch_tags();
  int events_fd() const noexcept { return events_->fd(); }
  /// Returns whether the programs saw a MAC that nobody knows: there may be a child that was not found.
  bool drain_events() noexcept;
  std::string socket_path() const { return lock_->socket_path(); }
  int ifindex() const noexcept { return link_.ifindex; }
  const std::string& name() const noexcept { return link_.name; }

  static constexpr std::uint64_t kTickNs = 250'000'000;
  static constexpr std::uint64_t kLeaseNs = 1'000'000'000;
  static constexpr std::uint64_t kKeepLeaseNs = 3'000'000'000;

 private:
  void start_service();
  void stop_service();
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
  bool may_log(const Desired& desired, std::uint64_t now);
  void log_left_out();
  void log_waiting();
  void log_also_at(const Desired& desired);
  void on_own_mac(const arpl_event& event);
  void log_claim(const arpl_event& event);
  void watch_neighbours(std::uint64_t now);
  void watch_egress(std::uint64_t now);
  void watch_offloads();
  void watch_groups();
  std::vector<Storm::Container> containers() const;
  void on_event(const arpl_event& event);
  void name_claimants(ParentStatus& status) const;
  ProgramOptions program_options() const;
  bool has_ring() const;
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
  ServiceFactory factory_;
  History& history_;
  OpenNetns open_netns_;
  std::unique_ptr<ParentLock> lock_;
  std::unique_ptr<Programs> programs_;
  std::unique_ptr<Roster> roster_;
  std::unique_ptr<Events> events_;
  std::unique_ptr<FrontControl> front_;
  std::unique_ptr<Service> service_;
  std::optional<Rotation> pairs_filter_;
  std::optional<Rotation> heard_filter_;
  Pulse pulse_;
  bool healthy_ = true;
  std::unique_ptr<Upkeep> upkeep_;
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
  bool neighbours_full_ = false;
  bool reflections_arrive_ = true;  // what XDP_TX sends is not lost
  bool stranger_ = false;
  std::string egress_ = "unknown";
  std::uint64_t self_test_at_ = 0;
  LinePace claim_pace_;                          // of claims, by sender
  LinePace own_mac_pace_;                        // of own MACs that come in from the wire
  LinePace space_pace_;                          // of what is found and goes, by namespace
  std::string waiting_;                          // as it was told to the log
  std::map<std::string, std::size_t> left_out_;  // of those lines, by namespace
  bool stopped_ = false;
};

}  // namespace arpline
