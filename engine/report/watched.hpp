// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/fields.hpp"
#include "shared/watched.h"

/// The control socket's lines for `arpline watch`: after {"cmd": "watch", …} a WatchAnswer, then for as long
/// as the client stays a WatchedFrame or a WatchLeftOut a line.
namespace arpline {

/// The frames that a watcher wants; every part that is given must match.
struct WatchRequest {
  std::optional<Ipv4> endpoint{};       ///< the sender or the target
  std::optional<Ipv4> from_address{};   ///< the sender
  std::optional<Mac> from_mac{};        ///< the Ethernet source or the sender
  std::vector<std::string> verdicts{};  ///< names as from outcome_name(); empty: any
  bool claims = false;                  ///< only claims of an endpoint's address
  std::string container{};              ///< shell pattern of a namespace's name, of either side; empty: any
};

void fields(auto& list, MaybeConst<WatchRequest> auto& r) {
  list("endpoint", as_ipv4(r.endpoint));
  list("from_address", as_ipv4(r.from_address));
  list("from_mac", as_mac(r.from_mac));
  list("verdicts", r.verdicts);
  list("claims", r.claims);
  list("container", r.container);
}

/// From here on each frame is watched.
struct WatchAnswer {
  ForeignText parent{};
  bool wire = true;  ///< false: the parent has no ingress program, so only what this host sends is seen
};

void fields(auto& list, MaybeConst<WatchAnswer> auto& a) {
  list("watching", a.parent);
  list("wire", a.wire);
}

struct WatchedFrame {
  ForeignText parent{};
  std::uint64_t time_ns = 0;  ///< since 1970-01-01 UTC
  std::string side{};         ///< "wire", "container", "host" or "stranger"
  std::string verdict{};      ///< as from outcome_name(); empty: not known, without a daemon
  bool readable = true;       ///< false: the fields below are not known, up to `bytes`
  std::uint16_t operation = 0;
  std::uint16_t vlan = 0;
  Mac source = 0;  ///< of the Ethernet header, as the next
  Mac destination = 0;
  Mac sender_mac = 0;
  Ipv4 sender = 0;
  Mac target_mac = 0;
  Ipv4 target = 0;
  ForeignText sender_container{};  ///< its namespace; empty: the sender is none of ours. So for the target
  ForeignText target_container{};
  bool claims = false;            ///< it claims the address of an endpoint
  ForeignText claimed_of{};       ///< that endpoint's namespace
  std::uint32_t frame_bytes = 0;  ///< length on the wire
  std::string bytes{};            ///< hexadecimal, the first ARPL_WATCHED_BYTES of them
};

void fields(auto& list, MaybeConst<WatchedFrame> auto& f) {
  list("parent", f.parent);
  list("time_ns", f.time_ns);
  list("side", f.side);
  list("verdict", or_null(f.verdict));
  list("readable", f.readable);
  list("operation", f.operation);
  list("vlan", f.vlan);
  list("source", as_mac(f.source));
  list("destination", as_mac(f.destination));
  list("sender_mac", as_mac(f.sender_mac));
  list("sender", as_ipv4(f.sender));
  list("target_mac", as_mac(f.target_mac));
  list("target", as_ipv4(f.target));
  list("sender_container", or_null(f.sender_container));
  list("target_container", or_null(f.target_container));
  list("claims", f.claims);
  list("claimed_of", or_null(f.claimed_of));
  list("frame_bytes", f.frame_bytes);
  list("bytes", f.bytes);
}

/// Frames that were wanted and not told, since the last line of this kind.
struct WatchLeftOut {
  std::uint64_t left_out = 0;
};

void fields(auto& list, MaybeConst<WatchLeftOut> auto& l) {
  list("left_out", l.left_out);
}

/// The name of an outcome (shared/watched.h): a verdict's, or for a frame that this host has sent "sent",
/// "confirms", "claim" or "claim_dropped".
std::string outcome_name(std::uint32_t outcome);
/// All of them.
std::vector<std::string> outcome_names();
/// The bits of the outcomes with these names; all bits without a name. Throws SetupError for an unknown one.
std::uint64_t outcome_bits(const std::vector<std::string>& names);

/// The record without the names and the parent; `ahead_ns`: the real time less the record's clock.
WatchedFrame watched_frame(const arpl_watched_frame& record, std::uint64_t ahead_ns);

}  // namespace arpline
