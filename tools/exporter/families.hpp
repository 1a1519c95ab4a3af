// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/metrics.hpp"

namespace arpline::exporter {

/// Label names and values. Names of containers and interfaces go in as visible() writes them: printable ASCII.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// The name and help of a metric, as metrics.def or counters.def has them.
struct Metric {
  std::string name;  ///< without "arpline_", the unit and "_total"
  std::string unit;  ///< "none" and "times" are not part of the name
  std::string help;
};

/// "arpline_lease_age_seconds"; counters end in "_total".
std::string full_name(const Metric& metric, bool counter = false);

/// Collects the series of one scrape into families.
class Families {
 public:
  void gauge(const Metric& metric, const Labels& labels, double value);
  /// Adds nothing for an unknown value.
  void gauge(const Metric& metric, const Labels& labels, const Value& value);
  void counter(const Metric& metric, const Labels& labels, std::uint64_t value);
  void summary(const Metric& metric, const Labels& labels, const SummaryMetric& value);
  void histogram(const Metric& metric, const Labels& labels, const HistogramMetric& value);

  std::vector<prometheus::MetricFamily> take() &&;

 private:
  prometheus::ClientMetric& add(const Metric& metric, const std::string& name, prometheus::MetricType type,
                                const Labels& labels);

  std::map<std::string, prometheus::MetricFamily> by_name_;
};

}  // namespace arpline::exporter
