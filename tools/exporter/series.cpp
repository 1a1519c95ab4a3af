// SPDX-License-Identifier: Apache-2.0
// From the daemons' answers to series. A new row of metrics.def or counters.def needs no change here.
#include "exporter/series.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "base/net.hpp"
#include "exporter/families.hpp"
#include "exporter/verdict_classes.hpp"

namespace arpline::exporter {
namespace {

Labels with(Labels labels, const std::string& name, const std::string& value) {
  labels.emplace_back(name, value);
  return labels;
}

// The exporter's own gauges, by name.
struct Own {
#define ARPL_EXPORTER(name, unit, help) Metric name{#name, #unit, help};
#include "report/metrics.def"
};

void add_daemon(Families& families, const MetricsAnswer& answer) {
  const Labels labels{{"daemon", visible(answer.daemon)}};
#define ARPL_DAEMON_GAUGE(name, unit, help) \
  families.gauge({#name, #unit, help}, labels, answer.daemon_gauges.name);
#include "report/metrics.def"
#define ARPL_DAEMON(name, unit, help) \
  families.counter({"daemon_" #name, #unit, help}, labels, answer.daemon_counters.name);
#include "shared/counters.def"
}

void add_gauges(Families& families, const MetricsAnswer& answer, const Labels& labels) {
#define ARPL_PARENT_GAUGE(name, unit, help) families.gauge({#name, #unit, help}, labels, answer.gauges.name);
#define ARPL_GROUP_GAUGE(name, label, help)                            \
  for (const auto& [value, number] : answer.groups.name)               \
    families.gauge({#name, "none", help}, with(labels, #label, value), \
                   number.value_or(std::numeric_limits<double>::infinity()));
#define ARPL_SUMMARY(name, unit, help) families.summary({#name, #unit, help}, labels, answer.summaries.name);
#define ARPL_HISTOGRAM(name, unit, help) \
  families.histogram({#name, #unit, help}, labels, answer.histograms.name);
#include "report/metrics.def"
}

void add_verdicts(Families& families, const MetricsAnswer& answer, const Labels& labels) {
#define ARPL_VERDICTS(name, unit, help)                                                                        \
  for (const auto& [verdict, number] : answer.verdicts.name)                                                   \
    families.counter({#name, #unit, help}, with(with(labels, "class", class_of(verdict)), "verdict", verdict), \
                     number);
#include "report/metrics.def"
}

void add_counters(Families& families, const MetricsAnswer& answer, const Labels& labels) {
#define ARPL_EGRESS(name, unit, help) \
  families.counter({"egress_" #name, #unit, help}, labels, answer.egress.name);
#define ARPL_SENT(name, unit, help) families.counter({"sent_" #name, #unit, help}, labels, answer.sent.name);
#define ARPL_PARENT(name, unit, help) \
  families.counter({"parent_" #name, #unit, help}, labels, answer.counters.name);
#define ARPL_DRIVER(name, unit, help) \
  if (answer.driver.name) families.counter({"driver_" #name, #unit, help}, labels, *answer.driver.name);
#include "shared/counters.def"
}

void add_storm(Families& families, const StormStatus& storm, Labels labels) {
  labels.emplace_back("kind", storm.kind);
  labels.emplace_back("ethertype", storm.ethertype);
#define ARPL_STORM(name, unit, help) \
  families.counter({"storm_" #name, #unit, help}, labels, storm.counters.name);
#include "shared/counters.def"
}

void add_sender(Families& families, const SenderMetrics& sender, Labels labels) {
  labels.emplace_back("mac", format_mac(sender.mac));
#define ARPL_SENDER(name, unit, help) \
  families.counter({"sender_" #name, #unit, help}, labels, sender.counters.name);
#include "shared/counters.def"
}

void add_endpoint(Families& families, const EndpointMetrics& endpoint, Labels labels) {
  labels.emplace_back("vlan", std::to_string(endpoint.vlan));
  labels.emplace_back("address", format_ipv4(endpoint.address));
#define ARPL_ENDPOINT_GAUGE(name, unit, help) \
  families.gauge({"endpoint_" #name, #unit, help}, labels, endpoint.gauges.name);
#include "report/metrics.def"
#define ARPL_ENDPOINT(name, unit, help) \
  families.counter({"endpoint_" #name, #unit, help}, labels, endpoint.counters.name);
#define ARPL_SLOT(name, unit, help) \
  families.counter({"endpoint_" #name, #unit, help}, labels, endpoint.counters.name);
#include "shared/counters.def"
  labels.emplace_back("mac", format_mac(endpoint.mac));
  labels.emplace_back("namespace", visible(endpoint.netns));
  labels.emplace_back("interface", visible(endpoint.interface));
  families.gauge(Own{}.endpoint_info, labels, 1.0);
}

void add_parent(Families& families, const MetricsAnswer& answer, const Labels& labels) {
  families.gauge(Own{}.build_info, with(labels, "version", printable(answer.version)), 1.0);
  add_gauges(families, answer, labels);
  add_verdicts(families, answer, labels);
  add_counters(families, answer, labels);
  for (const auto& storm : answer.storm) add_storm(families, storm, labels);
  for (const auto& sender : answer.senders) add_sender(families, sender, labels);
  for (const auto& endpoint : answer.endpoints) add_endpoint(families, endpoint, labels);
}

}  // namespace

std::vector<prometheus::MetricFamily> families_of(const std::vector<Parent>& parents) {
  Families families;
  const Own own;
  const bool all_up = std::ranges::all_of(parents, [](const Parent& one) { return one.answer.has_value(); });
  families.gauge(own.up, {}, all_up && !parents.empty() ? 1.0 : 0.0);
  std::set<ForeignText> daemons;
  for (const auto& parent : parents) {
    const Labels labels{{"parent", visible(parent.name)}};
    families.gauge(own.parent_up, labels, parent.answer ? 1.0 : 0.0);
    if (!parent.answer) continue;
    if (daemons.insert(parent.answer->daemon).second) add_daemon(families, *parent.answer);
    add_parent(families, *parent.answer, labels);
  }
  return std::move(families).take();
}

}  // namespace arpline::exporter
