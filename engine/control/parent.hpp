// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "control/frame_feed.hpp"
#include "control/gather.hpp"
#include "control/parent_health.hpp"
#include "kernel/events.hpp"

namespace arpline {

/// One parent while it is served, from lock to lease: passes each event to the parts that it concerns, in the
/// order in which they have to handle it. Owned and driven by the control thread.
class ServedParent {
 public:
  using Shared = SharedParts;

  /// Attaches and serves. After an error it leaves nothing behind, and programs that an earlier run left
  /// attached stay as they are. `patience`: how long to wait for queues that a killed owner still holds. Throws
  /// SetupError.
  ServedParent(const Config& config, const ParentConfig& own, const LinkInfo& link, const Snapshot& snapshot,
               Shared shared, std::chrono::milliseconds patience);
  ServedParent(const ServedParent&) = delete;
  ServedParent& operator=(const ServedParent&) = delete;
  /// Detaches, unless stop() has been called.
  ~ServedParent();

  /// Checks whether the egress program and the fast path work. Every kTick.
  void tick();
  /// A qdisc or a filter of the parent has changed: attaches ours again at once if it is missing.
  void on_filters() {
    if (attached()) parts_.egress.on_filters(Clock::now());
  }
  /// A link has changed that may be a veth's other end; nsid: nullopt for the own namespace.
  void on_link_elsewhere(std::optional<int> nsid, int ifindex) {
    if (attached()) health_.on_link_elsewhere(nsid, ifindex);
  }
  /// Announces, defends and probes where that is due. Returns when to call it again; calls before that do
  /// nothing.
  Instant keep_up(Instant now);
  /// Checks the conditions whose changes raise no event. Every second.
  void second();
  /// Replaces the children of one namespace; those of other parents are left out. An endpoint that this
  /// withdraws may still be answered for until settle().
  void update(int nsid, const std::vector<Interface>& children, Instant heard_at);
  /// Replaces the addresses that the host's kernel answers for itself; returns after settle().
  void host_has(HostAddresses addresses, Instant heard_at);
  /// Makes the next part of the changes that update() and others have left; returns after settle().
  void go_on();
  bool busy() const noexcept { return !parts_.registry.done(); }
  /// Returns when nothing that has been withdrawn is answered for any more.
  void settle();
  /// The parent itself has changed. Throws SetupError.
  void update_link(const ParentLink& link);
  /// Applies another configuration without losing a frame. The caller refuses changes that need a restart.
  /// Throws SetupError.
  void reconfigure(const Config& config, const ParentConfig& own);
  /// The limits in force, and the configured ones.
  const Limits& limits() const noexcept { return parts_.settings.limits(); }
  const Limits& configured_limits() const noexcept { return parts_.state.config.limits; }
  /// Applies other limits at once; they hold until reconfigure().
  void use_limits(const Limits& limits);
  /// How the limits that make neighbours fit into the neighbour table.
  const NeighbourFit& neighbour_fit() const noexcept { return parts_.settings.neighbour_fit(); }
  /// False once our program has been taken off the parent, or the parent is gone.
  bool attached() const noexcept { return parts_.attachment.attached(); }
  /// False while the worker is stuck; logs when that changes. Every kTick.
  bool healthy(Instant now) { return parts_.worker.healthy(now); }
  /// Stops without losing a frame that is in a ring. OnStop::keep leaves the programs pinned, with a last
  /// lease.
  void stop(OnStop how);

  ParentStatus status() const { return status_of(parts_); }
  MetricsAnswer metrics(std::size_t most_endpoints) const { return metrics_of(parts_, most_endpoints); }
  const ChangeLog& changes() const noexcept { return parts_.changes; }
  /// The frames that have left through the parent, by sender.
  std::vector<SenderStatus> senders() const {
    return gather_senders(parts_.attachment.maps(), parts_.registry.owners(), name());
  }
  /// For those who watch this parent's frames. Both outlive it.
  std::unique_ptr<FrameFeed> make_feed(EventLoop& loop) {
    return std::make_unique<FrameFeed>(parts_.state, parts_.attachment.programs(), parts_.registry, loop);
  }
  /// Descriptor for epoll, readable when a tagged frame has come in: call read_tags(). -1: tags are not
  /// watched.
  int tags_fd() const noexcept { return parts_.tags.fd(); }
  void read_tags() { health_.read_tags(); }
  int events_fd() const noexcept { return events_.fd(); }
  /// True when the programs saw a stranger: there may be a child that was not found.
  bool drain_events() noexcept;
  std::string socket_path() const { return parts_.attachment.socket_path(); }
  int ifindex() const noexcept { return parts_.state.link.ifindex; }
  const ForeignText& name() const noexcept { return parts_.state.link.name; }

  static constexpr Duration kTick = 250ms;

 private:
  void begin(const Snapshot& snapshot, std::chrono::milliseconds patience);
  void follow(Table::Changes changes, Instant heard_at);
  void on_event(const arpl_event& event);

  ParentParts parts_;
  ParentHealth health_{parts_};
  Events events_;
  Instant keep_up_at_ = kNoTime;
  bool stopped_ = false;
};

}  // namespace arpline
