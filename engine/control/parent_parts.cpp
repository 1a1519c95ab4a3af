// SPDX-License-Identifier: Apache-2.0
#include "control/parent_parts.hpp"

#include <utility>

#include "base/clock.hpp"
#include "kernel/self_test.hpp"

namespace arpline {
namespace {

FastPathHealth::AskPeer ask_peer_of(ParentParts& parts) {
  return [&parts] {
    const auto& link = parts.state.link;
    const auto other = get_link(parts.route, link.lower_netns, link.lower);
    return other && other->xdp_mode == XdpMode::native;
  };
}

EgressHealth::Kernel egress_kernel_of(ParentParts& parts) {
  return {
      .send_self_test = [&parts] { return send_self_test(parts.state.link.ifindex, parts.state.parent.mac); },
      .passed = [&parts] { return parts.attachment.maps().egress_stats().self_tests; },
      .has_filter = [&parts] { return parts.attachment.programs().has_egress(); },
      .attach_filter = [&parts] { parts.attachment.programs().attach_egress(); }};
}

}  // namespace

ParentParts::ParentParts(ParentState initial, SharedParts others)
    : state(std::move(initial)),
      shared(std::move(others)),
      route(NETLINK_ROUTE),
      attachment(state, shared.leases),
      settings(state, attachment.maps().limits(), attachment.maps().filter(), Clock::now()),
      fast_path(state, ask_peer_of(*this)),
      egress(state, egress_kernel_of(*this), attachment.maps().limits().egress_seen_ns),
      tags(state),
      registry(attachment.maps()),
      groups(state, attachment.maps(), route, registry.population()),
      protocol(state.config, state.own, attachment.maps(), registry, shared.open_netns),
      worker(state, attachment.maps(), attachment.folder(), shared.factory),
      changes(state, registry, shared.history, claims),
      events(state, registry, protocol, claims) {}

}  // namespace arpline
