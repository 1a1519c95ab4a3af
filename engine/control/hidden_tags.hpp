// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/parent_state.hpp"
#include "kernel/tag_watch.hpp"

namespace arpline {

/// Whether VLAN tags are hidden from the programs: the NIC strips tags, and tagged frames come in. The latter
/// is assumed where the configuration or a VLAN interface says so, or a tagged frame was seen: a macvlan may
/// make the NIC accept frames of any VLAN, also without a VLAN interface.
class HiddenTags {
 public:
  /// `state` outlives it.
  explicit HiddenTags(const ParentState& state);

  /// True when tags of 802.1Q or of 802.1ad are hidden.
  bool any() const;
  /// Descriptor for epoll; -1: tags are not watched.
  int fd() const noexcept { return watch_ ? watch_->fd() : -1; }
  /// Reads the frames that have come at fd(). True for the first tag of its kind.
  bool read() { return watch_ && watch_->read(); }
  /// True when tagged frames may come in, so that the NIC's offloads matter.
  bool in_play() const;
  void warn(std::vector<std::string>& warnings) const;

 private:
  bool seen(TagWatch::Kind kind) const { return watch_ && watch_->seen(kind); }
  bool service() const;

  const ParentState& state_;
  std::optional<TagWatch> watch_;
};

}  // namespace arpline
