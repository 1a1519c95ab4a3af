// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/counters.hpp"
#include "report/endpoint_status.hpp"
#include "report/fields.hpp"

/// What the daemon knows, as its control socket tells it. The daemon fills these structs, and from the pinned
/// maps the tools do; `arpline status`, doctor, limit and DPDK's telemetry read them. Behind each stands the
/// list of its fields, which is its JSON. Durations are seconds before the answer was made; what nobody knows
/// is none, in JSON null.
namespace arpline {

/// How a parent's endpoints are announced.
struct AnnounceStatus {
  std::string on_conflict = "alert";  ///< announce.on_conflict
  double refresh_seconds = 0;         ///< 0: only after a change
  std::uint64_t pps = 0;              ///< frames a second; 0: none at all
};

void fields(auto& list, MaybeConst<AnnounceStatus> auto& a) {
  list("on_conflict", a.on_conflict);
  list("refresh_seconds", a.refresh_seconds);
  list("pps", a.pps);
}

/// How long the turns of the daemon's control loop take.
struct LoopStatus {
  double longest_turn_ms = 0;
  double longest_turn_lately_ms = 0;  ///< of the last minute or two
};

void fields(auto& list, MaybeConst<LoopStatus> auto& l) {
  list("longest_turn_ms", l.longest_turn_ms);
  list("longest_turn_lately_ms", l.longest_turn_lately_ms);
}

/// Durations of something: how many there were, and percentiles of the latest; none without any.
struct SamplesStatus {
  std::uint64_t count = 0;
  std::optional<double> p50_ms{};
  std::optional<double> p99_ms{};
  std::optional<double> most_ms{};
};

void fields(auto& list, MaybeConst<SamplesStatus> auto& s) {
  list("count", s.count);
  list("p50_ms", s.p50_ms);
  list("p99_ms", s.p99_ms);
  list("most_ms", s.most_ms);
}

/// Who holds entries of the neighbour table.
struct HolderStatus {
  ForeignText netns{};
  ForeignText interface {};
  std::uint64_t entries = 0;
};

void fields(auto& list, MaybeConst<HolderStatus> auto& h) {
  list("namespace", h.netns);
  list("interface", h.interface);
  list("entries", h.entries);
}

/// The neighbour table of the host, and what of it is a parent's.
struct NeighboursStatus {
  std::uint64_t entries = 0;
  std::optional<std::uint64_t> not_counted{};  ///< entries that do not count against the limit
  std::uint64_t limit = 0;                     ///< gc_thresh3
  bool full = false;
  std::vector<HolderStatus> holders{};
  std::uint64_t room = 0;     ///< entries in 5 s that this parent may cause
  std::uint64_t asked = 0;    ///< entries in 5 s that its limits would allow
  std::uint64_t parents = 0;  ///< share the room
};

void fields(auto& list, MaybeConst<NeighboursStatus> auto& n) {
  list("entries", n.entries);
  list("not_counted", n.not_counted);
  list("limit", n.limit);
  list("full", n.full);
  list("holders", n.holders);
  list("room", n.room);
  list("asked", n.asked);
  list("parents", n.parents);
}

/// A limit on what is not ARP, as the configuration writes it.
struct StormStatus {
  std::string kind{};       ///< "broadcast" or "multicast"
  std::string ethertype{};  ///< "ipv4", "ipv6", "other" or "0x88b5"
  std::uint64_t per_second = 0;
  StormCounters counters{};
};

void fields(auto& list, MaybeConst<StormStatus> auto& s) {
  list("kind", s.kind);
  list("ethertype", s.ethertype);
  list("per_second", s.per_second);
  fields(list, s.counters);
}

/// Whose ARP it is, and how much of it has left through the parent.
struct SenderStatus {
  Mac mac = 0;
  ForeignText netns{};       ///< empty: the parent's own, or only the daemon knows
  ForeignText interface {};  ///< empty: only the daemon knows
  bool parent = false;       ///< the host's own
  SenderCounters counters{};
};

void fields(auto& list, MaybeConst<SenderStatus> auto& s) {
  list("mac", as_mac(s.mac));
  list("namespace", or_null(s.netns));
  list("interface", or_null(s.interface));
  list("parent", s.parent);
  fields(list, s.counters);
}

struct ParentStatus {
  ForeignText parent{};
  int ifindex = 0;
  bool daemon = false;            ///< one has answered; false: the pinned maps tell
  std::string mode = "answer";    ///< or "observe"
  std::string lease = "expired";  ///< or "live"
  std::uint64_t queues = 0;       ///< with a ring
  ParentCounters counters{};
  DriverCounters driver{};
  std::optional<AnnounceStatus> announce{};
  std::optional<SentCounters> sent{};
  std::string egress = "unknown";  ///< or "seen", "hidden", "missing"
  EgressCounters egress_counters{};
  std::optional<LoopStatus> loop{};
  ForeignText pins{};  ///< folder
  Counts verdicts{};   ///< wire_counts()
  Counts other_verdicts{};
  Counts engine_verdicts{};
  std::string fast_path = "off";  ///< or "on", "refused_by_the_driver", "no_xdp_at_the_other_end"
  std::map<std::string, std::optional<std::uint64_t>> limits{};  ///< frames a second; none: no limit
  std::vector<StormStatus> storm{};
  std::optional<SamplesStatus> found{};      ///< from an event's receipt to the table
  std::optional<SamplesStatus> withdrawn{};  ///< from an event's receipt to the last answer
  std::optional<NeighboursStatus> neighbours{};
  std::vector<std::string> warnings{};
  std::vector<EndpointStatus> endpoints{};
  std::optional<std::vector<SenderStatus>> senders{};  ///< only for who asked for them
};

void fields(auto& list, MaybeConst<ParentStatus> auto& p) {
  list("parent", p.parent);
  list("ifindex", p.ifindex);
  list("daemon", p.daemon);
  list("mode", p.mode);
  list("lease", p.lease);
  list("queues", p.queues);
  fields(list, p.counters);
  fields(list, p.driver);
  list("announce", p.announce);
  list("sent", p.sent);
  list("egress", p.egress);
  list("egress_counters", p.egress_counters);
  list("loop", p.loop);
  list("pins", p.pins);
  list("verdicts", p.verdicts);
  list("other_verdicts", p.other_verdicts);
  list("engine_verdicts", p.engine_verdicts);
  list("fast_path", p.fast_path);
  list("limits", p.limits);
  list("storm", p.storm);
  list("found", p.found);
  list("withdrawn", p.withdrawn);
  list("neighbours", p.neighbours);
  list("warnings", p.warnings);
  list("endpoints", p.endpoints);
  list.where_there("senders", p.senders);
}

/// A parent that the daemon cannot serve yet.
struct WaitingStatus {
  ForeignText parent{};
  std::string reason{};
  double next_try_seconds = 0;
};

void fields(auto& list, MaybeConst<WaitingStatus> auto& w) {
  list("parent", w.parent);
  list("reason", w.reason);
  list("next_try_seconds", w.next_try_seconds);
}

/// The answer to {"cmd": "status"}.
struct StatusAnswer {
  std::vector<ParentStatus> parents{};
  std::vector<WaitingStatus> waiting{};
};

void fields(auto& list, MaybeConst<StatusAnswer> auto& a) {
  list("parents", a.parents);
  list("waiting", a.waiting);
}

/// As JSON: a ParentStatus, a StatusAnswer, a GoneAnswer or a LimitAnswer.
template <class Status>
nlohmann::json to_json(const Status& status);

/// One of these from JSON that may be hostile, of another version or incomplete: throws AnswerError, which
/// names the field. Its words are as they came: what prints them passes them through printable().
template <class Status>
Status from_json(const nlohmann::json& answer);

/// In the order of the configuration: broadcast first.
std::vector<StormStatus> storm_status(std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> limits);

/// Those who have sent the most first.
void sort_busiest_first(std::vector<SenderStatus>& senders);

}  // namespace arpline
