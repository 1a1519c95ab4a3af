// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/endpoint_registry.hpp"
#include "control/line_pace.hpp"
#include "control/parent_state.hpp"
#include "endpoints/claims.hpp"
#include "endpoints/history.hpp"
#include "report/samples.hpp"

namespace arpline {

/// Reports the changes among a parent's endpoints: to the log, to the history, and how long they took to the
/// status. It writes them after the burst boundary that makes them true: when a thousand endpoints are
/// withdrawn at once, the last one must not wait for the log.
class ChangeLog {
 public:
  /// All arguments outlive it.
  ChangeLog(const ParentState& state, const EndpointRegistry& registry, History& history, Claims& claims);

  /// Holds the changes back until settle(). `heard_at`: when the first event that led to them was received.
  void add(Table::Changes changes, Instant heard_at, Instant now);
  /// True when there are changes since settle().
  bool changed() const noexcept { return !unwritten_.empty(); }
  /// True when endpoints that were answered for are among the withdrawn ones.
  bool withdrawn() const noexcept { return !unsettled_.empty(); }
  /// Writes the changes. To be called when nothing that was withdrawn is answered for any more.
  void settle(Instant now);
  /// Writes the changes of the start, at once.
  void write(Table::Changes changes, Instant now);
  /// Reports the lines that were left out. Every second.
  void second();

  const Samples& found() const noexcept { return found_; }
  const Samples& withdrawals() const noexcept { return withdrawn_; }

 private:
  void forget_kept(Table::Changes& changes) const;
  void write_all(const Table::Changes& changes, Instant now);
  void write_withdrawn(const Desired& desired, Instant now);
  void write_also_at(const Desired& desired) const;
  bool may_write(const Desired& desired, Instant now);
  void write_waiting();

  const ParentState& state_;
  const EndpointRegistry& registry_;
  History& history_;
  Claims& claims_;
  Samples found_;
  Samples withdrawn_;
  std::vector<Instant> unsettled_;  // heard_at of each withdrawal
  std::vector<Table::Changes> unwritten_;
  LinePace pace_;                                // of lines, by namespace
  std::map<ForeignText, std::size_t> left_out_;  // lines left out, by namespace
  std::string waiting_;                          // the namespaces that wait for room, as last logged
};

}  // namespace arpline
