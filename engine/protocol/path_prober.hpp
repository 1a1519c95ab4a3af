// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "protocol/announced_endpoint.hpp"
#include "protocol/fair_queue.hpp"
#include "protocol/rate_limiter.hpp"

namespace arpline {

/// unknown: not answered yet. suspect: a who-has was not answered, and it is being found out. lost: neither
/// unicast nor broadcast nor an announcement in between helped. sibling, host: the gateway is another endpoint
/// of this parent, or the parent itself: no frame of ours would come back from the wire, so nobody asks.
enum class PathState : std::uint8_t { unknown, reachable, suspect, lost, sibling, host };

/// Whether each endpoint's own frames reach its gateway and the answers come back: a unicast who-has every
/// period, and when one is lost a broadcast one, an announcement, another broadcast, each a second apart. What
/// was lost is reachable again after two answers in a row. The parent's own who-has to the same gateway, sent
/// while an endpoint's are not answered, tells a dead gateway from a switch that drops one MAC.
///
/// Anybody can answer. So another MAC than the last one is believed only when the last one does not answer any
/// more, the new one answers when it alone is asked, and nobody answers while nobody has been asked, which
/// somebody who floods the container with answers can't know. Until then, and where two answer one question,
/// the path is disputed, and never called lost. Who answers with the gateway's own MAC is the gateway, as far
/// as can be known here.
///
/// Where the pace does not suffice for all of them the period is doubled until it does, with a fifth to spare
/// for what follows a lost one; an interface with many endpoints stretches its own period first. Pure.
class PathProber {
 public:
  static constexpr std::uint64_t kAnswerNs = 1'000'000'000;     ///< an answer that takes longer is none
  static constexpr std::uint64_t kHostEveryNs = 1'000'000'000;  ///< so seldom the parent asks
  static constexpr std::size_t kMostGateways = 256;             ///< that the parent asks
  static constexpr std::uint32_t kMostStrays = 8;               ///< answers of others to one question
  static constexpr std::uint64_t kDisputedNs = 60'000'000'000;  ///< so seldom is a dispute told

  struct View {
    Ipv4 gateway = 0;
    Mac gateway_mac = 0;  ///< 0: not known
    PathState state = PathState::unknown;
    std::uint64_t since = 0;        ///< it has that state
    std::uint64_t answered_at = 0;  ///< 0: never
    std::uint64_t rtt_ns = 0;       ///< of the last answer
    Mac disputed_by = 0;            ///< has answered as well, last; 0: nobody
    std::uint64_t disputed_at = 0;
    std::optional<bool>
        host_reaches;  ///< the same gateway, while the state is suspect or lost; none: not known
  };
  struct Wanted {
    Ipv4 gateway = 0;  ///< 0: none
    std::uint16_t vlan = 0;
    InterfaceKey owner = 0;
    PathState at = PathState::unknown;  ///< sibling, host: where it is, and nobody asks
    bool operator==(const Wanted&) const = default;
  };
  /// What it wants done. Called from within tick() and answered().
  class Out {
   public:
    virtual ~Out() = default;
    /// A who-has for the gateway; to = 0: broadcast. False: no room for it now.
    virtual bool ask(Id id, Ipv4 gateway, Mac to) = 0;
    /// The next answer is to be told, although nothing is asked (again).
    virtual void listen(Id id, Ipv4 gateway) = 0;
    virtual bool ask_as_host(Ipv4 gateway, std::uint16_t vlan) = 0;
    /// The endpoint is to be announced.
    virtual void announce(Id id) = 0;
    virtual void changed(Id id, PathState before, PathState now) = 0;
    virtual void gateway_moved(Id id, Mac mac) = 0;
    /// The gateway has answered, as far as can be known.
    virtual void gateway_answered(Id id, Mac mac) = 0;
    /// Another one has answered than the gateway.
    virtual void disputed(Id id, Mac mac) = 0;
  };

  explicit PathProber(std::uint64_t every_ns) : every_ns_(every_ns) {}

  /// every_ns: 0: off.
  void set_period(std::uint64_t every_ns, std::uint64_t now);
  /// It may ask this gateway from now on; what was known of the way to it stays known.
  void watch(Id id, const Wanted& wanted, std::uint64_t now);
  /// It must not ask for now, or is no more.
  void stop(Id id);

  void answered(Id id, Mac gateway_mac, std::uint64_t at, Out& out);
  void host_answered(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at);

  std::uint64_t tick(std::uint64_t now, RateLimiter& pace, Out& out);

  std::optional<View> view(Id id, std::uint64_t now) const;

 private:
  static constexpr std::uint64_t kRetryNs = 1'000'000;

  using Gateway = std::pair<std::uint16_t, Ipv4>;  // vlan
  // verify: whether the candidate answers when it alone is asked; listen: whether anybody does when nobody is.
  enum class Step : std::uint8_t { regular, broadcast, announced, verify, listen };

  struct Path {
    View view;
    Wanted wanted;
    Step step = Step::regular;
    Step failed = Step::regular;   // of the question whose answer is being verified
    std::uint64_t asked_at = 0;    // 0: nothing is awaited
    Mac asked = 0;                 // 0: everybody
    std::uint64_t open_until = 0;  // a second answer to the last question is listened for
    Mac candidate = 0;             // has answered in the gateway's place
    std::uint32_t strays = 0;      // since the gateway answered last
    std::uint64_t told_at = 0;     // of a dispute
    bool answered_once = false;    // since it was lost
    bool spoke = false;            // it was announced because of what fails now
    std::uint64_t failing_since = 0;
    std::uint64_t at = kNever;  // in the queue
  };
  struct HostView {
    std::uint64_t asked_at = 0;
    std::uint64_t answered_at = 0;
    std::optional<bool> reached;  // by the one before
    bool wanted = false;
  };

  std::uint64_t period(InterfaceKey owner) const;
  void queue(Id id, Path& path, std::uint64_t at);
  void rest(Id id, Path& path, std::uint64_t now);
  void set_state(Id id, Path& path, PathState state, std::uint64_t now, Out& out);
  void missed(Id id, Path& path, std::uint64_t now, Out& out);
  void fail(Id id, Path& path, std::uint64_t now, Out& out);
  void dispute(Id id, Path& path, Mac mac, std::uint64_t at, Out& out);
  void stray(Id id, Path& path, Mac mac, std::uint64_t at, Out& out);
  bool weigh(Id id, Path& path, Mac mac, std::uint64_t at, Out& out);
  void accept(Id id, Path& path, Mac mac, std::uint64_t at, Out& out);
  bool ask(Id id, Path& path, std::uint64_t now, Out& out);
  void listen(Id id, Path& path, std::uint64_t now, Out& out);
  void want_host(const Path& path);
  std::uint64_t ask_as_host(std::uint64_t now, RateLimiter& pace, Out& out);
  std::optional<bool> host_reaches(const Path& path, std::uint64_t now) const;

  std::uint64_t every_ns_;
  std::uint64_t interval_ns_ = 0;  // between two frames, by the pace
  std::unordered_map<Id, Path> paths_;
  std::unordered_map<InterfaceKey, std::size_t> asking_;  // how many endpoints of each
  std::size_t all_asking_ = 0;
  FairQueue queue_;
  std::map<Gateway, HostView> hosts_;
  std::uint64_t host_asked_at_ = 0;
};

}  // namespace arpline
