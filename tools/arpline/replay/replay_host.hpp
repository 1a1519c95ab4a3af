// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arpline/replay/capture.hpp"
#include "arpline/replay/network.hpp"
#include "endpoints/memory_tables.hpp"
#include "report/status.hpp"
#include "shared/verdicts.h"
#include "worker/engine_ingress.hpp"

namespace arpline::replay {

struct Ways {
  bool confirmed = false;  ///< an endpoint's kernel answers each who-has that it gets, at once
  bool inbound = false;    ///< all frames came in from the wire, even those of own MACs
};

enum class Kind : std::uint8_t {
  not_arp,
  cut,       ///< ARP of which fewer than 28 bytes were captured
  sent,      ///< by the host or a container: seen by egress
  received,  ///< from the wire: has a verdict
};

/// One frame and its outcome.
struct Seen {
  Kind kind = Kind::not_arp;
  arpl_sent sent = ARPL_SENT_HEARD;   ///< of a sent frame
  FrameView view;                     ///< of a sent frame: only the parsed fields
  std::uint32_t counter = 0;          ///< of a received frame: index for counter_name()
  std::uint64_t time_ns = 0;          ///< since 1970-01-01 UTC; not less than the previous frame's
  std::span<const std::byte> answer;  ///< arpline's own reply, valid until the next frame; empty: none
};

struct Sums {
  std::uint64_t frames = 0;
  std::uint64_t not_arp = 0;
  std::uint64_t cut = 0;
  std::uint64_t back_in_time = 0;  ///< frames with a time before an earlier frame's
  std::uint64_t assumed = 0;       ///< answers of kernels that Ways::confirmed assumed
  std::uint64_t first_ns = 0;      ///< since 1970-01-01 UTC
  std::uint64_t last_ns = 0;
  arpl_engine_counts engine{};
};

/// A parent in memory: the tables, ingress as worker/engine_ingress.hpp carries it out, and egress, all driven
/// by the capture's clock. The lease never ends.
class ReplayHost {
 public:
  ReplayHost(const Network& network, Ways ways);
  ReplayHost(const ReplayHost&) = delete;
  ReplayHost& operator=(const ReplayHost&) = delete;

  /// Processes the next frame.
  const Seen& see(const Captured& frame) noexcept;

  const Sums& sums() const noexcept { return sums_; }
  const arpl_egress_stats& egress() const noexcept { return tables_.egress; }
  /// The status after the last frame, ordered by VLAN and address.
  ParentStatus status() const;

 private:
  void advance(std::uint64_t time_ns) noexcept;
  void receive(const Captured& captured) noexcept;
  void confirm_handed_over() noexcept;

  MemoryTables tables_;  // its events have no reader: claims are counted per endpoint
  std::uint64_t now_ = 0;
  std::vector<std::byte> bytes_;  // the frame, which its reply overwrites
  Sums sums_;
  EngineIngress ingress_{tables_.tables()};
  Seen seen_;
  Ways ways_;
};

}  // namespace arpline::replay
