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
  static constexpr std::uint64_t kAnswerNs = 1'000'000'000;     ///< a later answer does not count
  static constexpr std::uint64_t kHostEveryNs = 1'000'000'000;  ///< least time between the parent's who-has
  static constexpr std::size_t kMostGateways = 256;             ///< with a who-has of the parent
  static constexpr std::uint32_t kMostStrays = 8;  ///< answers from other MACs to one who-has that are examined
  static constexpr std::uint64_t kDisputedNs = 60'000'000'000;  ///< least time between two reports of a dispute

  struct View {
    Ipv4 gateway = 0;
    Mac gateway_mac = 0;  ///< 0: not known
    PathState state = PathState::unknown;
    std::uint64_t since = 0;        ///< time of the last change of state
    std::uint64_t answered_at = 0;  ///< 0: never
    std::uint64_t rtt_ns = 0;       ///< of the last answer
    Mac disputed_by = 0;            ///< the last other MAC that answered; 0: none
    std::uint64_t disputed_at = 0;
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

  explicit PathProber(std::uint64_t every_ns) : every_ns_(every_ns) {}

  /// every_ns = 0: off.
  void set_period(std::uint64_t every_ns, std::uint64_t now);
  /// Starts probing; the same `wanted` as before keeps the state of the path.
  void watch(Id id, const Wanted& wanted, std::uint64_t now);
  /// Stops probing: the endpoint must not send, or is gone.
  void stop(Id id);

  void answered(Id id, Mac gateway_mac, std::uint64_t at, Effects& effects);
  void host_answered(Ipv4 gateway, std::uint16_t vlan, std::uint64_t at);

  std::uint64_t tick(std::uint64_t now, RateLimiter& limiter, Effects& effects);

  std::optional<View> view(Id id, std::uint64_t now) const;
  const Summary& summary() const noexcept { return summary_; }

 private:
  static constexpr std::uint64_t kRetryNs = 1'000'000;

  using Gateway = std::pair<std::uint16_t, Ipv4>;  // VLAN first
  // verify: a unicast who-has to the candidate; listen: a second without a who-has, in which nobody may answer.
  enum class Step : std::uint8_t { regular, broadcast, announced, verify, listen };

  struct Path {
    View view;
    Wanted wanted;
    Step step = Step::regular;
    Step unverified_step = Step::regular;   // the step whose answer is being verified
    std::uint64_t asked_at = 0;             // 0: no answer is awaited
    Mac asked_mac = 0;                      // destination of the who-has; 0: broadcast
    std::uint64_t open_until = 0;           // until then a second answer to the last who-has is a dispute
    Mac candidate = 0;                      // a new MAC that has answered for the gateway
    std::uint32_t stray_answers = 0;        // answers from other MACs since the gateway's last answer
    std::uint64_t dispute_reported_at = 0;  // time of the last report of a dispute
    bool answered_once = false;             // one answer since the path was lost
    bool announced = false;                 // it was announced because of the present failure
    std::uint64_t failing_since = 0;
    std::uint64_t at = kNever;  // due time in queue_
  };
  struct HostView {
    std::uint64_t asked_at = 0;
    std::uint64_t answered_at = 0;
    std::optional<bool> reached;  // result of the who-has before the last one
    bool wanted = false;
  };

  std::size_t& count_of(PathState state) { return summary_.by_state[static_cast<std::size_t>(state)]; }
  std::uint64_t period(NetnsKey owner) const;
  void queue(Id id, Path& path, std::uint64_t at);
  void schedule_regular(Id id, Path& path, std::uint64_t now);
  void set_state(Id id, Path& path, PathState state, std::uint64_t now, Effects& effects);
  void on_timeout(Id id, Path& path, std::uint64_t now, Effects& effects);
  void fail(Id id, Path& path, std::uint64_t now, Effects& effects);
  void dispute(Id id, Path& path, Mac mac, std::uint64_t at, Effects& effects);
  void on_stray(Id id, Path& path, Mac mac, std::uint64_t at, Effects& effects);
  bool examine(Id id, Path& path, Mac mac, std::uint64_t at, Effects& effects);
  void accept(Id id, Path& path, Mac mac, std::uint64_t at, Effects& effects);
  bool ask(Id id, Path& path, std::uint64_t now, Effects& effects);
  void listen(Id id, Path& path, std::uint64_t now, Effects& effects);
  void request_host_who_has(const Path& path);
  std::uint64_t ask_as_host(std::uint64_t now, RateLimiter& limiter, Effects& effects);
  std::optional<bool> host_reaches(const Path& path, std::uint64_t now) const;

  std::uint64_t every_ns_;
  std::uint64_t interval_ns_ = 0;  // between two frames, by the rate limit
  std::unordered_map<Id, Path> paths_;
  std::unordered_map<NetnsKey, std::size_t> probed_of_interface_;  // number of endpoints
  std::size_t probed_ = 0;
  FairQueue queue_;
  std::map<Gateway, HostView> hosts_;
  Summary summary_;
  std::uint64_t host_asked_at_ = 0;
};

}  // namespace arpline
