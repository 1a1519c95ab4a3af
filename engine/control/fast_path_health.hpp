// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/parent_state.hpp"
#include "control/reflect_guard.hpp"

namespace arpline {

/// Whether what the program sends back by XDP_TX reaches the wire. A veth hands it to the other end only where
/// that has an XDP program too; without one the answer is lost (drivers/net/veth.c, veth_xdp_flush). And a
/// driver may refuse it.
class FastPathHealth {
 public:
  /// Whether a veth's other end has a native XDP program: a generic one brings no NAPI along. May throw
  /// SetupError.
  using AskPeer = std::function<bool()>;

  /// `state` outlives it.
  FastPathHealth(const ParentState& state, AskPeer ask_peer);

  /// Every tick, and when the other end has changed. True when the answer is another one than before.
  bool check_peer();
  /// Every second, with what was reflected and what the driver did not send, both counted since ever. True when
  /// the answer is another one than before.
  bool check_driver(std::uint64_t reflected, std::uint64_t refused, std::uint64_t now);

  /// That interface is the veth's other end; nsid: none for the own namespace.
  bool is_peer(std::optional<int> nsid, int ifindex) const;
  /// It is wanted, and works.
  bool on() const noexcept { return state_.own.fast_path && arrives_ && driver_sends_; }
  /// For the status, where it is wanted: why it is off; empty: it is on.
  std::string off_because() const;
  void warn(std::vector<std::string>& warnings) const;

 private:
  bool ask() const;

  const ParentState& state_;
  AskPeer ask_peer_;
  ReflectGuard guard_;
  bool arrives_ = true;
  bool driver_sends_ = true;  // what the guard said last
};

}  // namespace arpline
