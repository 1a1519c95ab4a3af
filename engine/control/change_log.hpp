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

/// Tells what has changed among a parent's endpoints: to the log, to the history, and to the status how long it
/// took. It is written after the boundary that makes it true: when a thousand go at once, the last must not
/// wait for the log.
class ChangeLog {
 public:
  /// All outlive it.
  ChangeLog(const ParentState& state, const EndpointRegistry& registry, History& history, Claims& claims);

  /// Put down until settle(). heard_at: when the first event that they follow from was received.
  void add(Table::Changes changes, std::uint64_t heard_at, std::uint64_t now);
  /// There are some since settle().
  bool changed() const noexcept { return !untold_.empty(); }
  /// There are some among them that were answered for.
  bool withdrawn() const noexcept { return !unsettled_.empty(); }
  /// Nothing that was withdrawn is answered for any more.
  void settle(std::uint64_t now);
  /// At once: those of the start.
  void write(Table::Changes changes, std::uint64_t now);
  /// Every second.
  void second();

  const Samples& found() const noexcept { return found_; }
  const Samples& withdrawals() const noexcept { return withdrawn_; }

 private:
  void forget_kept(Table::Changes& changes) const;
  void write_all(const Table::Changes& changes, std::uint64_t now);
  void write_withdrawn(const Desired& desired, std::uint64_t now);
  void write_also_at(const Desired& desired) const;
  bool may_write(const Desired& desired, std::uint64_t now);
  void write_waiting();

  const ParentState& state_;
  const EndpointRegistry& registry_;
  History& history_;
  Claims& claims_;
  Samples found_;
  Samples withdrawn_;
  std::vector<std::uint64_t> unsettled_;  // when it was heard what has been withdrawn
  std::vector<Table::Changes> untold_;
  LinePace pace_;                                // of lines, by namespace
  std::map<ForeignText, std::size_t> left_out_;  // of those, by namespace
  std::string waiting_;                          // who waits for room, as it was logged last
};

}  // namespace arpline
