// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <optional>
#include <vector>

#include "base/foreign_text.hpp"
#include "report/metrics.hpp"

namespace arpline::exporter {

/// A parent that has a control socket here, and what its daemon has answered; nullopt: nothing in time.
struct Parent {
  ForeignText name;
  std::optional<MetricsAnswer> answer;
};

/// All series of one scrape.
std::vector<prometheus::MetricFamily> families_of(const std::vector<Parent>& parents);

}  // namespace arpline::exporter
