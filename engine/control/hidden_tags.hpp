// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/parent_state.hpp"
#include "kernel/tag_watch.hpp"

namespace arpline {

/// Whether VLAN tags are hidden from the programs: the NIC takes them out, and frames with one come in. Those
/// are VLANs that are known, or that were seen. A macvlan may make the NIC take all frames, of whatever VLAN,
/// so that no VLAN interface is needed for that.
class HiddenTags {
 public:
  /// `state` outlives it.
  explicit HiddenTags(const ParentState& state);

  /// Of either kind.
  bool any() const;
  /// -1: nobody listens.
  int fd() const noexcept { return watch_ ? watch_->fd() : -1; }
  /// Takes in what has come at fd(). True when it is the first tag of its kind.
  bool read() { return watch_ && watch_->read(); }
  /// Whether the NIC's offloads matter at all.
  bool in_play() const;
  void warn(std::vector<std::string>& warnings) const;

 private:
  bool seen(TagWatch::Kind kind) const { return watch_ && watch_->seen(kind); }
  bool service() const;

  const ParentState& state_;
  std::optional<TagWatch> watch_;
};

}  // namespace arpline
