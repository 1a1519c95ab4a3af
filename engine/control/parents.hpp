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

/// One parent of the configuration, which is served or waited for.
struct Parent {
  ParentConfig config;
  std::unique_ptr<ServedParent> served;      ///< nullptr: it is waited for
  std::unique_ptr<Server> server;            ///< its control socket, while it is served
  EventLoop::Source events;                  ///< of its BPF programs
  EventLoop::Source tags;                    ///< of its tag watch
  std::string last_complaint;                ///< the line that was logged last
  std::string waits_for;                     ///< why it is not served; empty: it is
  Backoff backoff;                           ///< of the tries to serve it
  int tried_ifindex = 0;                     ///< another interface of that name is tried at once
  bool leaving = false;                      ///< taken off by `arpline detach`, or by somebody else
  std::vector<std::uint64_t> reload_askers;  ///< tickets of its server
};

/// What becomes of a parent that is served.
enum class ParentFate { stays, gone, taken_off };
/// `known`: discovery knows the interface. `exists` asks the kernel; it is called only where our program is off
/// the interface: that leaves an interface that is being deleted before the event of it comes.
ParentFate fate_of(bool known, bool attached, const std::function<bool()>& exists);

/// All parents of the configuration. Serves each while its interface is there, waits for it while it is not,
/// and tries again after an error. Nothing here waits.
class Parents {
 public:
  /// What it asks and has done.
  class Host {
   public:
    virtual ~Host() = default;
    /// nullptr: there is no such interface.
    virtual const LinkRecord* find_link(const ForeignText& name) const = 0;
    /// nullopt: discovery does not know it.
    virtual std::optional<ParentLink> parent_link(int ifindex) const = 0;
    virtual bool exists(int ifindex) = 0;
    /// Fills in what a parent that is served has. Throws SetupError.
    virtual void serve(Parent& parent) = 0;
  };

  /// `host` outlives it.
  explicit Parents(Host& host) : host_(host) {}

  /// The only one of a configuration is served, or SetupError is thrown: otherwise nothing would happen.
  void start(const std::vector<ParentConfig>& configs, std::uint64_t now);
  /// Serves those that can be, and follows what has become of the others. Every second, and when a link has
  /// changed.
  void look(std::uint64_t now);
  /// A reload: who is no longer named leaves, who is new is looked for. Returns what went wrong; empty:
  /// nothing.
  std::string apply(const Config& config, std::uint64_t now);
  /// Those that are to leave do. Returns whether that was the last one.
  bool leave_where_asked();
  /// The daemon ends.
  void leave_all();

  /// One line for `systemctl status`.
  std::string state() const;
  /// [{"parent", "reason", "next_try_seconds"}] of those that are waited for.
  std::vector<WaitingStatus> waiting(std::uint64_t now) const;
  /// All of them, as a person reads them.
  nlohmann::json names() const;
  /// Who has asked for a reload since the last call, with the tickets of their servers.
  std::vector<std::pair<Parent*, std::uint64_t>> take_reload_askers();

  template <class F>
  void each(F&& f) {
    for (auto& parent : parents_) f(*parent);
  }
  template <class F>
  void each_served(F&& f) {
    for (auto& parent : parents_)
      if (parent->served) f(*parent->served);
  }

 private:
  Parent& add(const ParentConfig& config);
  void look_at(Parent& parent, std::uint64_t now);
  void look_for(Parent& parent, std::uint64_t now);
  void try_to_serve(Parent& parent, std::uint64_t now);
  void update(Parent& parent, const ParentLink& link);
  static void wait_for(Parent& parent, const std::string& why);
  static std::string reconfigure(Parent& parent, const Config& config, const ParentConfig& own);
  static void leave(Parent& parent, OnStop how);

  Host& host_;
  std::vector<std::unique_ptr<Parent>> parents_;
};

/// What can't change while the daemon runs. Throws SetupError, before anything has changed.
void refuse_what_needs_a_restart(const Config& now, const Config& wanted);

/// Removes what a crash has left of parents that no longer exist.
void remove_stale_pins(const std::string& pin_root, const std::string& run_root);

}  // namespace arpline
