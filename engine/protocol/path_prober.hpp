// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/histogram.hpp"
#include "protocol/announced_endpoint.hpp"
#include "protocol/fair_queue.hpp"
#include "protocol/rate_limiter.hpp"
#include "protocol/timing.hpp"

namespace arpline {

/// unknown: no answer yet. suspect: a who-has was not answered, the retries are under way. lost: unicast,
/// broadcast and an announcement in between have all failed. sibling, host: the gateway is another endpoint of
/// this parent or the parent itself; a who-has would never come back from the wire, so none is sent.
enum class PathState : std::uint8_t { unknown, reachable, suspect, lost, sibling, host };
inline constexpr std::size_t kPathStates = 6;

/// Checks whether each endpoint's own frames reach its gateway and the answers come back. It sends a unicast
/// who-has every period; when it gets no answer, it sends a broadcast who-has, an announcement and another
/// broadcast who-has, each a second apart. A lost path is reachable again after two answers in a row. While an
/// endpoint gets no answers the parent sends a who-has of its own to the same gateway, which tells a dead
/// gateway from a switch that drops one MAC.
///
/// Any station can forge an answer. So a new MAC is accepted only when the old one has stopped answering, the
/// new one answers a unicast who-has, and no answer comes in a second without any who-has (an attacker who
/// floods the container with answers does not know which second that is). Until then, and whenever two MACs
/// answer one who-has, the path is disputed, and never called lost. An answer from the gateway's own MAC is
/// always accepted.
///
/// Where the rate limit does not suffice for all endpoints the period is doubled until it does, with a fifth of
/// the rate kept for retries; interfaces with many endpoints get longer periods first. Pure: time is a value.
class PathProber {
 public:
  static constexpr Duration kAnswerWithin = 1s;      ///< a later answer does not count
  static constexpr Duration kHostEvery = 1s;         ///< least time between the parent's who-has
  static constexpr std::size_t kMostGateways = 256;  ///< with a who-has of the parent
  static constexpr std::uint32_t kMostStrays = 8;  ///< answers from other MACs to one who-has that are examined
  static constexpr Duration kDisputedEvery = 60s;  ///< least time between two reports of a dispute

  struct View {
    Ipv4 gateway = 0;
    Mac gateway_mac = 0;  ///< 0: not known
    PathState state = PathState::unknown;
    Instant since = kNoTime;        ///< time of the last change of state
    Instant answered_at = kNoTime;  ///< kNoTime: never
    Duration rtt{};                 ///< of the last answer
    Mac disputed_by = 0;            ///< the last other MAC that answered; 0: none
    Instant disputed_at = kNoTime;
    std::optional<bool> host_reaches;  ///< only while the state is suspect or lost; nullopt: not known
  };
  /// All paths together.
  struct Summary {
    std::array<std::size_t, kPathStates> by_state{};  ///< index: PathState
    DurationHistogram rtt;                            ///< of all accepted answers since the start
  };
  struct Wanted {
    Ipv4 gateway = 0;  ///< 0: none
    std::uint16_t vlan = 0;
    NetnsKey owner = 0;
    PathState at = PathState::unknown;  ///< sibling or host when the gateway is on this host, else unknown
    bool operator==(const Wanted&) const = default;
  };
  /// The effects that it asks for, from within tick() and answered().
  class Effects {
   public:
    virtual ~Effects() = default;
    /// Send a who-has for the gateway to the MAC `to`, 0 for broadcast. False when there is no room for it now.
    virtual bool ask(Id id, Ipv4 gateway, Mac to) = 0;
    /// Report the next answer, without a who-has.
    virtual void listen(Id id, Ipv4 gateway) = 0;
    virtual bool ask_as_host(Ipv4 gateway, std::uint16_t vlan) = 0;
    /// Announce the endpoint.
    virtual void announce(Id id) = 0;
    virtual void changed(Id id, PathState before, PathState now) = 0;
    virtual void gateway_moved(Id id, Mac mac) = 0;
    /// The gateway has answered and the answer was accepted.
    virtual void gateway_answered(Id id, Mac mac) = 0;
    /// Another MAC than the gateway's has answered.
    virtual void disputed(Id id, Mac mac) = 0;
  };

  explicit PathProber(Duration every) : every_(every) {}

  /// every = 0: off.
  void set_period(Duration every, Instant now);
  /// Starts probing; the same `wanted` as before keeps the state of the path.
  void watch(Id id, const Wanted& wanted, Instant now);
  /// Stops probing: the endpoint must not send, or is gone.
  void stop(Id id);

  void answered(Id id, Mac gateway_mac, Instant at, Effects& effects);
  void host_answered(Ipv4 gateway, std::uint16_t vlan, Instant at);

  Instant tick(Instant now, RateLimiter& limiter, Effects& effects);

  std::optional<View> view(Id id, Instant now) const;
  const Summary& summary() const noexcept { return summary_; }

 private:
  static constexpr Duration kRetry = 1ms;

  using Gateway = std::pair<std::uint16_t, Ipv4>;  // VLAN first
  // verify: a unicast who-has to the candidate; listen: a second without a who-has, in which nobody may answer.
  enum class Step : std::uint8_t { regular, broadcast, announced, verify, listen };

  struct Path {
    View view;
    Wanted wanted;
    Step step = Step::regular;
    Step unverified_step = Step::regular;   // the step whose answer is being verified
    Instant asked_at = kNoTime;             // kNoTime: no answer is awaited
    Mac asked_mac = 0;                      // destination of the who-has; 0: broadcast
    Instant open_until = kNoTime;           // until then a second answer to the last who-has is a dispute
    Mac candidate = 0;                      // a new MAC that has answered for the gateway
    std::uint32_t stray_answers = 0;        // answers from other MACs since the gateway's last answer
    Instant dispute_reported_at = kNoTime;  // time of the last report of a dispute
    bool answered_once = false;             // one answer since the path was lost
    bool announced = false;                 // it was announced because of the present failure
    Instant failing_since = kNoTime;
    Instant at = kNever;  // due time in queue_
  };
  struct HostView {
    Instant asked_at = kNoTime;
    Instant answered_at = kNoTime;
    std::optional<bool> reached;  // result of the who-has before the last one
    bool wanted = false;
  };

  std::size_t& count_of(PathState state) { return summary_.by_state[static_cast<std::size_t>(state)]; }
  Duration period(NetnsKey owner) const;
  void queue(Id id, Path& path, Instant at);
  void schedule_regular(Id id, Path& path, Instant now);
  void set_state(Id id, Path& path, PathState state, Instant now, Effects& effects);
  void on_timeout(Id id, Path& path, Instant now, Effects& effects);
  void fail(Id id, Path& path, Instant now, Effects& effects);
  void dispute(Id id, Path& path, Mac mac, Instant at, Effects& effects);
  void on_stray(Id id, Path& path, Mac mac, Instant at, Effects& effects);
  bool examine(Id id, Path& path, Mac mac, Instant at, Effects& effects);
  void accept(Id id, Path& path, Mac mac, Instant at, Effects& effects);
  bool ask(Id id, Path& path, Instant now, Effects& effects);
  void listen(Id id, Path& path, Instant now, Effects& effects);
  void request_host_who_has(const Path& path);
  Instant ask_as_host(Instant now, RateLimiter& limiter, Effects& effects);
  std::optional<bool> host_reaches(const Path& path, Instant now) const;

  Duration every_;
  Duration interval_{};  // between two frames, by the rate limit
  std::unordered_map<Id, Path> paths_;
  std::unordered_map<NetnsKey, std::size_t> probed_of_netns_;  // number of endpoints
  std::size_t probed_ = 0;
  FairQueue queue_;
  std::map<Gateway, HostView> hosts_;
  Summary summary_;
  Instant host_asked_at_ = kNoTime;
};

}  // namespace arpline
