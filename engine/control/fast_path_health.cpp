// SPDX-License-Identifier: Apache-2.0
#include "control/fast_path_health.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "base/error.hpp"

namespace arpline {

FastPathHealth::FastPathHealth(const ParentState& state, AskPeer ask_peer)
    : state_(state), ask_peer_(std::move(ask_peer)), arrives_(ask()) {}

bool FastPathHealth::ask() const {
  if (state_.link.kind != "veth" || state_.own.generic_xdp || state_.decides_alone()) return true;
  try {
    return ask_peer_();
  } catch (const SetupError&) {
    return false;  // asked again at the next tick
  }
}

bool FastPathHealth::is_peer(std::optional<int> nsid, int ifindex) const {
  return state_.link.kind == "veth" && state_.link.lower == ifindex && state_.link.lower_netns == nsid;
}

bool FastPathHealth::check_peer() {
  const bool arrives = ask();
  if (arrives == arrives_) return false;
  arrives_ = arrives;
  if (state_.own.fast_path)
    spdlog::info("{}: {}", state_.name(),
                 arrives ? "the veth's other end has an XDP program: the fast path is on"
                         : "the veth's other end has no XDP program: the fast path is off");
  return true;
}

bool FastPathHealth::check_driver(std::uint64_t reflected, std::uint64_t refused, Instant now) {
  const bool sends = guard_.look(reflected, refused, now);
  if (sends == driver_sends_) return false;
  driver_sends_ = sends;
  if (state_.own.fast_path)
    spdlog::warn("{}: {}", state_.name(),
                 sends ? "the fast path is tried again"
                       : "the driver does not send what XDP answers: the fast path is off for a while");
  return true;
}

std::string FastPathHealth::off_because() const {
  if (state_.own.fast_path && !arrives_) return "no_xdp_at_the_other_end";
  if (state_.own.fast_path && !driver_sends_) return "refused_by_the_driver";
  return {};
}

void FastPathHealth::warn(std::vector<std::string>& warnings) const {
  if (!state_.own.fast_path) return;
  if (!arrives_) {
    warnings.emplace_back(
        "the fast path is off: what XDP sends is lost while the veth's other end has no XDP program; "
        "fast_path = false says that this is wanted");
  } else if (!driver_sends_) {
    warnings.emplace_back("the fast path is off for a while: the driver does not send what XDP answers");
  }
}

}  // namespace arpline
