// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "control/backoff.hpp"
#include "control/event_loop.hpp"
#include "control/parent.hpp"
#include "control/server.hpp"
#include "kernel/link.hpp"

namespace arpline {

/// One parent of the configuration, either served or waited for.
struct Parent {
  ParentConfig config;
  std::unique_ptr<ServedParent> served;      ///< nullptr: the parent is waited for
  std::unique_ptr<FrameFeed> feed;           ///< for those who watch its frames, while it is served
  std::unique_ptr<Server> server;            ///< its control socket, while it is served
  EventLoop::Source events;                  ///< events of its BPF programs
  EventLoop::Source tags;                    ///< frames of its tag watch
  std::string last_complaint;                ///< the line that was logged last
  std::string waits_for;                     ///< why the parent is not served; empty: it is served
  Backoff backoff;                           ///< between tries to serve it
  int tried_ifindex = 0;                     ///< of the last try; another interface is tried at once
  bool leaving = false;                      ///< detached, gone from the configuration, or without our program
  std::vector<std::uint64_t> reload_askers;  ///< tickets of clients that wait for a reload
};

/// The result of a check of a served parent.
enum class ParentFate { stays, gone, taken_off };
/// `known`: discovery knows the interface. `exists` asks the kernel, and is called only when our program is off
/// the interface: an interface that is being deleted loses the program before the event arrives.
ParentFate fate_of(bool known, bool attached, const std::function<bool()>& exists);

/// All parents of the configuration. Serves each one while its interface exists, waits for it while it doesn't,
/// and tries again after an error. Nothing here blocks.
class Parents {
 public:
  /// The operations that it needs from the control loop.
  class Host {
   public:
    virtual ~Host() = default;
    /// nullptr: there is no such interface.
    virtual const LinkRecord* find_link(const ForeignText& name) const = 0;
    /// nullopt: discovery doesn't know the interface.
    virtual std::optional<ParentLink> parent_link(int ifindex) const = 0;
    virtual bool exists(int ifindex) = 0;
    /// Serves the parent, and fills in `served`, `server`, `events` and `tags`. Throws SetupError.
    virtual void serve(Parent& parent) = 0;
  };

  /// `host` outlives it.
  explicit Parents(Host& host) : host_(host) {}

  /// Starts to serve the parents. Throws SetupError when there is only one and it can't be served, because the
  /// daemon would have nothing to do.
  void start(const std::vector<ParentConfig>& configs, Instant now);
  /// Serves the waiting parents whose interface exists, and checks those that are served. Every second, and
  /// when a link has changed.
  void look(Instant now);
  /// Applies a reload: leaves the parents that are no longer named and looks for new ones. Returns the errors;
  /// empty: none.
  std::string apply(const Config& config, Instant now);
  /// Leaves the parents that are marked as leaving. True when the last one has left.
  bool leave_where_asked();
  /// Leaves all parents, when the daemon ends.
  void leave_all();

  /// One line for `systemctl status`.
  std::string state() const;
  /// [{"parent", "reason", "next_try_seconds"}] of the parents that are waited for.
  std::vector<WaitingStatus> waiting(Instant now) const;
  std::vector<ForeignText> names() const;
  /// The parents at which a reload was asked for since the last call, with the tickets of their servers.
  std::vector<std::pair<Parent*, std::uint64_t>> take_reload_askers();

  template <class F>
  void each(F&& f) {
    for (auto& parent : parents_) f(*parent);
  }
  /// Calls f for each served parent. The SetupError of one is logged, and the others are called all the same.
  template <class F>
  void each_served(F&& f) {
    for (auto& parent : parents_)
      if (parent->served) contain(*parent, [&] { f(*parent->served); });
  }
  /// Runs work() for this parent, and logs a SetupError, so that it doesn't reach the other parents.
  static void contain(Parent& parent, const std::function<void()>& work);

 private:
  Parent& add(const ParentConfig& config);
  void check(Parent& parent, Instant now);
  void serve_if_present(Parent& parent, Instant now);
  void try_to_serve(Parent& parent, Instant now);
  void update(Parent& parent, const ParentLink& link);
  static void wait_for(Parent& parent, const std::string& why);
  static std::string reconfigure(Parent& parent, const Config& config, const ParentConfig& own);
  static void leave(Parent& parent, OnStop how);

  Host& host_;
  std::vector<std::unique_ptr<Parent>> parents_;
};

/// Throws SetupError for a change that needs a restart, before anything has changed.
void refuse_what_needs_a_restart(const Config& now, const Config& wanted);

/// Removes the pins and run folders that a crash left of parents that no longer exist.
void remove_stale_pins(const std::string& pin_root, const std::string& run_root);

}  // namespace arpline
