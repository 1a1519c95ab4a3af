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

/// The status that the control socket answers with. The daemon fills these structs; without a daemon the tools
/// fill them from the pinned maps. `arpline status`, doctor, limit and DPDK's telemetry read them. The function
/// fields() behind each struct defines its JSON. Durations are seconds before the answer was made; unknown
/// values are none, null in JSON.
namespace arpline {

/// The configuration of a parent's announcements.
struct AnnounceStatus {
  std::string on_conflict = "alert";  ///< announce.on_conflict
  double refresh_seconds = 0;         ///< 0: announcements only after a change
  std::uint64_t pps = 0;              ///< limit in frames a second; 0: nothing is sent
};

void fields(auto& list, MaybeConst<AnnounceStatus> auto& a) {
  list("on_conflict", a.on_conflict);
  list("refresh_seconds", a.refresh_seconds);
  list("pps", a.pps);
}

/// The duration of the control loop's turns.
struct LoopStatus {
  double longest_turn_ms = 0;
  double longest_turn_lately_ms = 0;  ///< within the last one or two minutes
};

void fields(auto& list, MaybeConst<LoopStatus> auto& l) {
  list("longest_turn_ms", l.longest_turn_ms);
  list("longest_turn_lately_ms", l.longest_turn_lately_ms);
}

/// Statistics of a duration: the number of samples, and percentiles of the latest; none without a sample.
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

/// An interface that holds entries of the neighbour table.
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

/// The host's neighbour table, and a parent's part of it.
struct NeighboursStatus {
  std::uint64_t entries = 0;
  std::optional<std::uint64_t> not_counted{};  ///< entries that do not count against the limit
  std::uint64_t limit = 0;                     ///< gc_thresh3
  bool full = false;
  std::vector<HolderStatus> holders{};
  std::uint64_t room = 0;     ///< entries in 5 s that this parent may create
  std::uint64_t asked = 0;    ///< entries in 5 s that its limits would allow without the table's limit
  std::uint64_t parents = 0;  ///< parents that share the room
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

/// A limit on broadcast or multicast other than ARP, in the words of the configuration.
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

/// An own MAC and the ARP frames that it has sent through the parent.
struct SenderStatus {
  Mac mac = 0;
  ForeignText netns{};       ///< empty: the parent's own namespace, or there is no daemon to tell
  ForeignText interface {};  ///< empty: there is no daemon to tell
  bool parent = false;       ///< the MAC is the host's own
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
  bool daemon = false;            ///< the daemon has answered; false: read from the pinned maps
  std::string mode = "answer";    ///< or "observe"
  std::string lease = "expired";  ///< or "live"
  std::uint64_t queues = 0;       ///< queues with a ring
  ParentCounters counters{};
  DriverCounters driver{};
  std::optional<AnnounceStatus> announce{};
  std::optional<SentCounters> sent{};
  std::string egress = "unknown";  ///< or "seen", "hidden", "missing"
  EgressCounters egress_counters{};
  std::optional<LoopStatus> loop{};
  ForeignText pins{};  ///< the folder of the pins
  Counts verdicts{};   ///< wire_counts()
  Counts other_verdicts{};
  Counts engine_verdicts{};
  std::string fast_path = "off";  ///< or "on", "refused_by_the_driver", "no_xdp_at_the_other_end"
  std::map<std::string, std::optional<std::uint64_t>> limits{};  ///< frames a second; none: no limit
  std::vector<StormStatus> storm{};
  std::optional<SamplesStatus> found{};  ///< time from an event's receipt to the endpoint in the tables
  /// Time from an event's receipt to the last answer for the endpoint.
  std::optional<SamplesStatus> withdrawn{};
  std::optional<NeighboursStatus> neighbours{};
  std::vector<std::string> warnings{};
  std::vector<EndpointStatus> endpoints{};
  std::optional<std::vector<SenderStatus>> senders{};  ///< only when the request asked for them
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

/// A parent that the daemon can't serve yet.
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

/// For ParentStatus, StatusAnswer, GoneAnswer, LimitAnswer, MetricsAnswer, ReloadAnswer and those of
/// watched.hpp.
template <class Status>
nlohmann::json to_json(const Status& status);

/// The inverse of to_json(), for JSON that may be hostile, incomplete or of another version. Throws AnswerError
/// that names the field. Texts are not escaped: a caller that prints them passes them through printable().
template <class Status>
Status from_json(const nlohmann::json& answer);

/// Sorted as in the configuration, broadcast first.
std::vector<StormStatus> storm_status(std::vector<std::pair<arpl_storm_key, arpl_storm_limit>> limits);

/// Sorts by the number of frames sent, most first.
void sort_busiest_first(std::vector<SenderStatus>& senders);

}  // namespace arpline
