// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "control/gather.hpp"
#include "control/pulse.hpp"
#include "endpoints/table.hpp"
#include "kernel/events.hpp"
#include "kernel/link.hpp"
#include "kernel/pins.hpp"
#include "kernel/programs.hpp"
#include "protocol/announcer.hpp"
#include "worker/service.hpp"

namespace arpline {

/// Makes the worker of a parent: with a ring on every queue, or without any. The sockets go into `xsks_map_fd`.
/// Throws SetupError.
using ServiceFactory = std::function<std::unique_ptr<Service>(const LinkInfo& link, bool ring,
                                                              WorkerTables tables, int xsks_map_fd)>;

/// One parent while it is served, from lock to lease. Owned and driven by the control thread.
class ServedParent {
 public:
  /// Attaches and serves; on an error nothing is left behind. Throws SetupError.
  ServedParent(const Config& config, const LinkInfo& link, const Snapshot& snapshot,
               const ServiceFactory& factory);
  ServedParent(const ServedParent&) = delete;
  ServedParent& operator=(const ServedParent&) = delete;
  /// Detaches, unless stop() has been called.
  ~ServedParent();

  /// Extends the lease and sends the announcements that are due. Every kTickNs.
  void tick();
  /// Makes the table what the snapshot says; looks at the neighbour table and the egress program.
  void reconcile(const Snapshot& snapshot);
  /// False after somebody else took our program off the parent, or the parent is gone.
  bool attached() const noexcept { return programs_->attached(); }
  /// False while the worker does not move on; says so in the log when that changes. Every kTickNs.
  bool healthy(std::uint64_t now);
  /// Ends orderly: nothing that is in a ring is lost. `keep` leaves the programs pinned, with a last lease.
  void stop(OnStop how);

  ParentStatus status() const;
  int events_fd() const noexcept { return events_->fd(); }
  void drain_events() noexcept { events_->drain(); }
  std::string socket_path() const { return lock_->socket_path(); }
  int ifindex() const noexcept { return link_.ifindex; }

  static constexpr std::uint64_t kTickNs = 250'000'000;
  static constexpr std::uint64_t kLeaseNs = 1'000'000'000;
  static constexpr std::uint64_t kKeepLeaseNs = 3'000'000'000;

 private:
  class MapOfEndpoints;

  void set_limits(const Snapshot& snapshot);
  Table::Changes apply(const Snapshot& snapshot);
  void log(const Table::Changes& changes) const;
  void announce(std::uint64_t now);
  void watch_neighbours(std::uint64_t now);
  void watch_egress(std::uint64_t now);
  void on_event(const arpl_event& event);
  bool has_ring() const;
  bool hides_tags(const Snapshot& snapshot) const;

  Config config_;
  LinkInfo link_;
  PinName name_;
  std::string folder_;
  std::unique_ptr<ParentLock> lock_;
  std::unique_ptr<Programs> programs_;
  std::unique_ptr<MapOfEndpoints> map_;
  std::unique_ptr<Table> table_;
  std::unique_ptr<Events> events_;
  std::unique_ptr<Service> service_;
  Pulse pulse_;
  bool healthy_ = true;
  Announcer announcer_;
  Netlink route_;
  std::set<Mac> macs_;
  Mac parent_mac_ = 0;
  bool hidden_tags_ = false;
  bool neighbours_full_ = false;
  std::string egress_ = "unknown";
  std::uint64_t self_test_at_ = 0;
  __u64 log_pace_ = 0;
  bool stopped_ = false;
};

}  // namespace arpline
