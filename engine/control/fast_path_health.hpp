// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/parent_state.hpp"
#include "control/reflect_guard.hpp"

namespace arpline {

/// Checks whether the frames that the program sends by XDP_TX reach the wire. A veth passes them to its other
/// end only if that has an XDP program too; otherwise they are lost (drivers/net/veth.c, veth_xdp_flush). And a
/// driver may refuse them.
class FastPathHealth {
 public:
  /// Whether a veth's other end has a native XDP program: a generic one doesn't enable NAPI there. May throw
  /// SetupError.
  using AskPeer = std::function<bool()>;

  /// `state` outlives it.
  FastPathHealth(const ParentState& state, AskPeer ask_peer);

  /// Every tick, and when the other end has changed. True when the result differs from the last one.
  bool check_peer();
  /// Every second. Both counts are running totals: frames reflected, and frames that the driver did not send.
  /// True when the result differs from the last one.
  bool check_driver(std::uint64_t reflected, std::uint64_t refused, Instant now);

  /// True when the interface is the veth's other end; nsid: nullopt for the own namespace.
  bool is_peer(std::optional<int> nsid, int ifindex) const;
  /// True when the fast path is configured and works.
  bool on() const noexcept { return state_.own.fast_path && arrives_ && driver_sends_; }
  /// Why the fast path is off although it is configured, for the status; otherwise empty.
  std::string off_because() const;
  void warn(std::vector<std::string>& warnings) const;

 private:
  bool ask() const;

  const ParentState& state_;
  AskPeer ask_peer_;
  ReflectGuard guard_;
  bool arrives_ = true;
  bool driver_sends_ = true;  // the guard's last result
};

}  // namespace arpline
