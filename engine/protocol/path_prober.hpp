// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "protocol/pace.hpp"
#include "protocol/subject.hpp"

namespace arpline {

/// unknown: not answered yet. suspect: a who-has was not answered, and it is being found out. lost: neither
/// unicast nor broadcast nor an announcement in between helped.
enum class PathState : std::uint8_t { unknown, reachable, suspect, lost };

/// Whether each endpoint's own frames reach its gateway and the answers come back: a unicast who-has every
/// period, and when one is lost a broadcast one, an announcement, another broadcast, each a second apart. What
/// was lost is reachable again after two answers in a row. The parent's own who-has to the same gateway, sent
/// while an endpoint's are not answered, tells a dead gateway from a switch that drops one MAC. Where the pace
/// does not suffice for all of them the period is doubled until it does, with a fifth to spare for what follows
/// a lost one. Pure.
class PathProber {
 public:
  static constexpr std::uint64_t kAnswerNs = 1'000'000'000;     ///< an answer that takes longer is none
  static constexpr std::uint64_t kHostEveryNs = 1'000'000'000;  ///< so seldom the parent asks
  static constexpr std::size_t kMostGateways = 256;             ///< that the parent asks

  struct View {
    Ipv4 gateway = 0;
    Mac gateway_mac = 0;  ///< 0: not known
    PathState state = PathState::unknown;
    std::uint64_t since = 0;        ///< it has that state
    std::uint64_t answered_at = 0;  ///< 0: never
    std::uint64_t rtt_ns = 0;       ///< of the last answer
    std::optional<bool>
        host_reaches;  ///< the same gateway, while the state is suspect or lost; none: not known
  };
  /// What it wants done. Called from within tick() and answered().
  class Out {
   public:
    virtual ~Out() = default;
    /// A who-has for the gateway; to = 0: broadcast. False: no room for it now.
    virtual bool ask(Id id, Ipv4 gateway, Mac to) = 0;
    virtual bool ask_as_host(Ipv4 gateway, std::uint16_t vlan) = 0;
    /// The endpoint is to be announced.
    virtual void announce(Id id) = 0;
    virtual void changed(Id id, PathState before, PathState now) = 0;
    virtual void gateway_moved(Id id, Mac mac) = 0;
  };

  explicit PathProber(std::uint64_t every_ns) : every_ns_(every_ns) {}

  /// every_ns: 0: off.
  void set_period(std::uint64_t every_ns, std::uint64_t now);
  /// It may ask this gateway from now on; what was known of the way to it stays known. 0: nobody.
  void watch(Id id, Ipv4 gateway, std::uint16_t vlan, std::uint64_t now);
  /// It must not ask for now, or is no more.
  void stop(Id id);

  void answered(Id id, Mac gateway_mac, std::uint64_t at, Out& out);
  void host_answered(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at);

  std::uint64_t tick(std::uint64_t now, Pace& pace, Out& out);

  std::optional<View> view(Id id, std::uint64_t now) const;

 private:
  static constexpr std::uint64_t kRetryNs = 1'000'000;

  using Gateway = std::pair<std::uint16_t, Ipv4>;  // vlan
  enum class Step : std::uint8_t { regular, broadcast, announced };

  struct Path {
    View view;
    std::uint16_t vlan = 0;
    Step step = Step::regular;
    std::uint64_t asked_at = 0;  // 0: nothing is awaited
    bool answered_once = false;  // since it was lost
    std::uint64_t failing_since = 0;
    std::uint64_t at = kNever;  // in the queue
  };
  struct HostView {
    std::uint64_t asked_at = 0;
    std::uint64_t answered_at = 0;
    std::optional<bool> reached;  // by the one before
    bool wanted = false;
  };

  void stretch(const Pace& pace);
  void queue(Id id, Path& path, std::uint64_t at);
  void set_state(Id id, Path& path, PathState state, std::uint64_t now, Out& out);
  void missed(Id id, Path& path, std::uint64_t now, Out& out);
  bool ask(Id id, Path& path, std::uint64_t now, Out& out);
  void want_host(const Path& path);
  std::uint64_t ask_as_host(std::uint64_t now, Pace& pace, Out& out);
  std::optional<bool> host_reaches(const Path& path, std::uint64_t now) const;

  std::uint64_t every_ns_;
  std::uint64_t period_ns_ = every_ns_;  // in force
  std::unordered_map<Id, Path> paths_;
  std::set<std::pair<std::uint64_t, Id>> queue_;
  std::map<Gateway, HostView> hosts_;
  std::uint64_t host_asked_at_ = 0;
};

}  // namespace arpline
