// SPDX-License-Identifier: Apache-2.0
#include "exporter/families.hpp"

namespace arpline::exporter {

using prometheus::MetricType;

std::string full_name(const Metric& metric, bool counter) {
  const bool named = metric.unit != "none" && metric.unit != "times";
  return "arpline_" + metric.name + (named ? "_" + metric.unit : "") + (counter ? "_total" : "");
}

prometheus::ClientMetric& Families::add(const Metric& metric, const std::string& name, MetricType type,
                                        const Labels& labels) {
  auto& family = by_name_[name];
  if (family.name.empty()) {
    family.name = name;
    family.help = metric.help;
    family.type = type;
  }
  auto& series = family.metric.emplace_back();
  series.label.reserve(labels.size());
  for (const auto& [key, value] : labels) series.label.push_back({key, value});
  return series;
}

void Families::gauge(const Metric& metric, const Labels& labels, double value) {
  add(metric, full_name(metric), MetricType::Gauge, labels).gauge.value = value;
}

void Families::gauge(const Metric& metric, const Labels& labels, const Value& value) {
  if (value) gauge(metric, labels, *value);
}

void Families::counter(const Metric& metric, const Labels& labels, std::uint64_t value) {
  add(metric, full_name(metric, true), MetricType::Counter, labels).counter.value = static_cast<double>(value);
}

void Families::summary(const Metric& metric, const Labels& labels, const SummaryMetric& value) {
  auto& to = add(metric, full_name(metric), MetricType::Summary, labels).summary;
  to.sample_count = value.count;
  to.sample_sum = value.sum;
  if (value.p50) to.quantile.push_back({0.5, *value.p50});
  if (value.p99) to.quantile.push_back({0.99, *value.p99});
}

void Families::histogram(const Metric& metric, const Labels& labels, const HistogramMetric& value) {
  auto& to = add(metric, full_name(metric), MetricType::Histogram, labels).histogram;
  to.sample_sum = value.sum;
  for (std::size_t i = 0; i < value.counts.size(); ++i) {
    to.sample_count += value.counts[i];
    if (i < value.bounds.size()) to.bucket.push_back({to.sample_count, value.bounds[i]});
  }
}

std::vector<prometheus::MetricFamily> Families::take() && {
  std::vector<prometheus::MetricFamily> all;
  all.reserve(by_name_.size());
  for (auto& [name, family] : by_name_) all.push_back(std::move(family));
  return all;
}

}  // namespace arpline::exporter
