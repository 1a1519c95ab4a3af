// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "exporter/series.hpp"

namespace arpline::exporter {

/// The daemons of this network namespace, by the control sockets in their run root.
class Daemons {
 public:
  /// `endpoints`: the most endpoints of each parent to ask for.
  Daemons(std::string run_root, std::size_t endpoints)
      : run_root_(std::move(run_root)), endpoints_(endpoints) {}

  /// Asks all of them at once; waits for those that hang no longer than kDaemonPatience, with each part of an
  /// answer. Says on stderr which parent's daemon does not answer, and why, when that changes.
  std::vector<Parent> ask();

 private:
  void note(const ForeignText& parent, const std::string& complaint);

  std::string run_root_;
  std::size_t endpoints_;
  std::map<ForeignText, std::string> complaints_;  // of the parents that were there last
};

}  // namespace arpline::exporter
