// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arpline/replay/capture.hpp"
#include "arpline/replay/network.hpp"
#include "endpoints/tables.hpp"
#include "report/status.hpp"
#include "shared/verdicts.h"
#include "worker/engine_ingress.hpp"

namespace arpline::replay {

struct Ways {
  bool confirmed = false;  ///< whatever is handed to an endpoint's kernel is answered by it at once
  bool inbound = false;    ///< every frame came in from the wire, those of own MACs too
};

enum class Kind : std::uint8_t {
  not_arp,
  cut,       ///< ARP, whose 28 bytes were not all captured
  sent,      ///< by the host or a container: what egress sees
  received,  ///< from the wire: has a verdict
};

/// What egress makes of a frame.
enum class Sent : std::uint8_t {
  heard,
  confirms,  ///< an endpoint's kernel answers
  claims,    ///< an endpoint's address, by another MAC
  dropped,   ///< such a claim, where `claims = "drop"`
};

/// One frame and what became of it.
struct Seen {
  Kind kind = Kind::not_arp;
  Sent sent = Sent::heard;
  FrameView view;                     ///< of a sent one only what was parsed
  std::uint32_t counter = 0;          ///< of a received one: index for counter_name()
  std::uint64_t time_ns = 0;          ///< since 1970; never less than the frame's before
  std::span<const std::byte> answer;  ///< arpline's own; empty: none. Until the next frame
};

struct Sums {
  std::uint64_t frames = 0;
  std::uint64_t not_arp = 0;
  std::uint64_t cut = 0;
  std::uint64_t back_in_time = 0;  ///< frames with an earlier time than one before them
  std::uint64_t assumed = 0;       ///< answers of kernels, by Ways::confirmed
  std::uint64_t first_ns = 0;      ///< since 1970
  std::uint64_t last_ns = 0;
  arpl_engine_counts engine{};
  arpl_egress_stats egress{};
};

/// A parent in memory: the tables, the decision and the engine's hands (worker/engine_ingress.hpp), on the
/// capture's clock. The lease never ends.
class ReplayHost {
 public:
  ReplayHost(const Network& network, Ways ways);
  ReplayHost(const ReplayHost&) = delete;
  ReplayHost& operator=(const ReplayHost&) = delete;

  /// The next frame.
  const Seen& see(const Captured& frame) noexcept;

  const Sums& sums() const noexcept { return sums_; }
  /// As of the last frame, by VLAN and address.
  ParentStatus status() const;

 private:
  void advance(std::uint64_t time_ns) noexcept;
  void receive(const Captured& captured) noexcept;
  void send(const arpl_arp& arp) noexcept;
  void confirm_handed_over() noexcept;

  EngineIngressTables front_tables_;  // nobody takes its events: claims are counted with their endpoints
  arpl_tables& tables_ = front_tables_.decision;
  __u64 lease_ = ~__u64{0};
  std::uint64_t now_ = 0;
  std::map<Mac, Whose> owners_;
  arpl_limits limits_;
  OwnMacTable macs_;
  EndpointHash endpoints_;
  std::vector<arpl_slot> slots_;
  std::vector<arpl_endpoint_stats> stats_;
  std::vector<arpl_index_bucket> index_;
  std::vector<__u64> filter_;
  std::vector<arpl_pair_set> pairs_;
  std::vector<__u64> heard_;
  std::vector<__u64> buckets_;
  std::vector<arpl_credit> credit_;
  std::vector<std::byte> bytes_;  // of the frame: it becomes its answer here
  Sums sums_;
  EngineIngress front_;
  Seen seen_;
  Ways ways_;
};

}  // namespace arpline::replay
