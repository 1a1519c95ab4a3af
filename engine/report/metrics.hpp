// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "report/counters.hpp"
#include "report/fields.hpp"
#include "report/status.hpp"

/// The answer to {"cmd": "metrics", "endpoints": N}, which arpline-exporter asks for: what metrics.def and
/// counters.def list. It costs the daemon's loop far less than a status, and is of one parent. Durations are in
/// seconds; a value that is not known is none.
namespace arpline {

/// The most endpoints that an answer has series of their own for: each costs the daemon's loop a microsecond or
/// two, and the exporter the memory of some twenty series.
inline constexpr std::size_t kMostEndpointMetrics = 4096;

using Value = std::optional<double>;
/// Values by the group gauge's label; none: no limit.
using Groups = std::map<std::string, Value>;

struct DaemonGauges {
#define ARPL_DAEMON_GAUGE(name, unit, help) Value name{};
#include "report/metrics.def"
};

void fields(auto& list, MaybeConst<DaemonGauges> auto& g) {
#define ARPL_DAEMON_GAUGE(name, unit, help) list(#name, g.name);
#include "report/metrics.def"
}

struct ParentGauges {
#define ARPL_PARENT_GAUGE(name, unit, help) Value name{};
#include "report/metrics.def"
};

void fields(auto& list, MaybeConst<ParentGauges> auto& g) {
#define ARPL_PARENT_GAUGE(name, unit, help) list(#name, g.name);
#include "report/metrics.def"
}

struct GroupGauges {
#define ARPL_GROUP_GAUGE(name, label, help) Groups name{};
#include "report/metrics.def"
};

void fields(auto& list, MaybeConst<GroupGauges> auto& g) {
#define ARPL_GROUP_GAUGE(name, label, help) list(#name, g.name);
#include "report/metrics.def"
}

struct VerdictCounters {
#define ARPL_VERDICTS(name, unit, help) Counts name{};
#include "report/metrics.def"
};

void fields(auto& list, MaybeConst<VerdictCounters> auto& c) {
#define ARPL_VERDICTS(name, unit, help) list(#name, c.name);
#include "report/metrics.def"
}

/// Durations: how many there were, their sum, and quantiles of the latest; none without any.
struct SummaryMetric {
  std::uint64_t count = 0;
  double sum = 0;
  Value p50{};
  Value p99{};
};

void fields(auto& list, MaybeConst<SummaryMetric> auto& s) {
  list("count", s.count);
  list("sum", s.sum);
  list("p50", s.p50);
  list("p99", s.p99);
}

struct Summaries {
#define ARPL_SUMMARY(name, unit, help) SummaryMetric name{};
#include "report/metrics.def"
};

void fields(auto& list, MaybeConst<Summaries> auto& s) {
#define ARPL_SUMMARY(name, unit, help) list(#name, s.name);
#include "report/metrics.def"
}

/// As DurationHistogram counts them: one bucket more than there are bounds.
struct HistogramMetric {
  std::vector<double> bounds{};
  std::vector<std::uint64_t> counts{};
  double sum = 0;
};

void fields(auto& list, MaybeConst<HistogramMetric> auto& h) {
  list("bounds", h.bounds);
  list("counts", h.counts);
  list("sum", h.sum);
}

HistogramMetric histogram_metric(const DurationHistogram& histogram);

struct Histograms {
#define ARPL_HISTOGRAM(name, unit, help) HistogramMetric name{};
#include "report/metrics.def"
};

void fields(auto& list, MaybeConst<Histograms> auto& h) {
#define ARPL_HISTOGRAM(name, unit, help) list(#name, h.name);
#include "report/metrics.def"
}

struct EndpointGauges {
#define ARPL_ENDPOINT_GAUGE(name, unit, help) Value name{};
#include "report/metrics.def"
};

void fields(auto& list, MaybeConst<EndpointGauges> auto& g) {
#define ARPL_ENDPOINT_GAUGE(name, unit, help) list(#name, g.name);
#include "report/metrics.def"
}

struct EndpointMetrics {
  Ipv4 address = 0;
  std::uint16_t vlan = 0;
  Mac mac = 0;
  ForeignText netns{};
  ForeignText interface {};
  EndpointGauges gauges{};
  EndpointCounters counters{};
};

void fields(auto& list, MaybeConst<EndpointMetrics> auto& e) {
  list("address", as_ipv4(e.address));
  list("vlan", e.vlan);
  list("mac", as_mac(e.mac));
  list("namespace", e.netns);
  list("interface", e.interface);
  list("gauges", e.gauges);
  fields(list, e.counters);
}

struct SenderMetrics {
  Mac mac = 0;
  SenderCounters counters{};
};

void fields(auto& list, MaybeConst<SenderMetrics> auto& s) {
  list("mac", as_mac(s.mac));
  fields(list, s.counters);
}

struct MetricsAnswer {
  std::string version{};  ///< of the daemon
  ForeignText daemon{};   ///< the first parent of its configuration, which tells it from other daemons
  ForeignText parent{};
  DaemonGauges daemon_gauges{};
  DaemonCounters daemon_counters{};
  ParentGauges gauges{};
  GroupGauges groups{};
  VerdictCounters verdicts{};
  Summaries summaries{};
  Histograms histograms{};
  EgressCounters egress{};
  SentCounters sent{};
  ParentCounters counters{};
  DriverCounters driver{};
  std::vector<StormStatus> storm{};
  std::vector<EndpointMetrics> endpoints{};  ///< at most as many as were asked for, the oldest ones
  std::vector<SenderMetrics> senders{};      ///< the parent's MAC and those of `endpoints`
};

void fields(auto& list, MaybeConst<MetricsAnswer> auto& a) {
  list("version", a.version);
  list("daemon", a.daemon);
  list("parent", a.parent);
  list("daemon_gauges", a.daemon_gauges);
  list("daemon_counters", a.daemon_counters);
  list("gauges", a.gauges);
  list("groups", a.groups);
  list("verdicts", a.verdicts);
  list("summaries", a.summaries);
  list("histograms", a.histograms);
  list("egress", a.egress);
  list("sent", a.sent);
  list("counters", a.counters);
  list("driver", a.driver);
  list("storm", a.storm);
  list("endpoints", a.endpoints);
  list("senders", a.senders);
}

}  // namespace arpline
