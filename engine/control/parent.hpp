// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "control/gather.hpp"
#include "control/parent_health.hpp"
#include "kernel/events.hpp"

namespace arpline {

/// One parent while it is served, from lock to lease: tells each part what concerns it, in the order in which
/// that has to happen. Owned and driven by the control thread.
class ServedParent {
 public:
  using Shared = SharedParts;

  /// Attaches and serves; on an error nothing of it is left behind, and what an earlier run left attached stays
  /// as it is. `patience`: for queues that a killed owner has not let go of. Throws SetupError.
  ServedParent(const Config& config, const ParentConfig& own, const LinkInfo& link, const Snapshot& snapshot,
               Shared shared, std::chrono::milliseconds patience);
  ServedParent(const ServedParent&) = delete;
  ServedParent& operator=(const ServedParent&) = delete;
  /// Detaches, unless stop() has been called.
  ~ServedParent();

  /// Sees whether the egress program and the fast path work. Every kTickNs.
  void tick();
  /// Somebody has changed a qdisc or a filter of the parent: puts ours back where it is missing, at once.
  void on_filters() {
    if (attached()) parts_.egress.on_filters(now_ns());
  }
  /// A link somewhere has changed that may be a veth's other end; nsid: none for the own namespace.
  void on_link_elsewhere(std::optional<int> nsid, int ifindex) {
    if (attached()) health_.on_link_elsewhere(nsid, ifindex);
  }
  /// Announces, defends and probes where it is due; does nothing before its time. Returns when to call it
  /// again.
  std::uint64_t keep_up(std::uint64_t now);
  /// Looks at what no event tells of. Every second.
  void second();
  /// One namespace has these children now; those of other parents are left out. What this withdraws may still
  /// be answered for until settle().
  void update(int nsid, const std::vector<Interface>& children, std::uint64_t heard_at);
  /// The host's kernel answers for these addresses itself now. Then as update().
  void host_has(HostAddresses addresses, std::uint64_t heard_at);
  /// The next part of what update() or another of them has left to be done; returns after settle().
  void go_on();
  bool busy() const noexcept { return !parts_.registry.done(); }
  /// Returns when nothing that has been withdrawn is answered for any more.
  void settle();
  /// The parent itself has changed. Throws SetupError.
  void update_link(const ParentLink& link);
  /// Another configuration, without losing a frame. What needs a restart is the caller's to refuse. Throws
  /// SetupError.
  void reconfigure(const Config& config, const ParentConfig& own);
  /// Those in force, and those that the configuration has.
  const Limits& limits() const noexcept { return parts_.settings.limits(); }
  const Limits& configured_limits() const noexcept { return parts_.state.config.limits; }
  /// Others, at once; until reconfigure().
  void use_limits(const Limits& limits);
  /// How those that make neighbours fit into the neighbour table.
  const NeighbourFit& neighbour_fit() const noexcept { return parts_.settings.neighbour_fit(); }
  /// False after somebody else took our program off the parent, or the parent is gone.
  bool attached() const noexcept { return parts_.attachment.attached(); }
  /// False while the worker does not move on; says so in the log when that changes. Every kTickNs.
  bool healthy(std::uint64_t now) { return parts_.worker.healthy(now); }
  /// Ends orderly: nothing that is in a ring is lost. `keep` leaves the programs pinned, with a last lease.
  void stop(OnStop how);

  ParentStatus status() const { return status_of(parts_); }
  /// What has left through the parent, by sender.
  std::vector<SenderStatus> senders() const {
    return gather_senders(parts_.attachment.maps(), parts_.registry.owners(), name());
  }
  /// A tagged frame has come in when it is readable; -1: nobody listens. See read_tags().
  int tags_fd() const noexcept { return parts_.tags.fd(); }
  void read_tags() { health_.read_tags(); }
  int events_fd() const noexcept { return events_.fd(); }
  /// Returns whether the programs saw a MAC that nobody knows: there may be a child that was not found.
  bool drain_events() noexcept;
  std::string socket_path() const { return parts_.attachment.socket_path(); }
  int ifindex() const noexcept { return parts_.state.link.ifindex; }
  const ForeignText& name() const noexcept { return parts_.state.link.name; }

  static constexpr std::uint64_t kTickNs = 250'000'000;

 private:
  void begin(const Snapshot& snapshot, std::chrono::milliseconds patience);
  void follow(Table::Changes changes, std::uint64_t heard_at);
  void on_event(const arpl_event& event);

  ParentParts parts_;
  ParentHealth health_{parts_};
  Events events_;
  std::uint64_t keep_up_at_ = 0;
  bool stopped_ = false;
};

}  // namespace arpline
