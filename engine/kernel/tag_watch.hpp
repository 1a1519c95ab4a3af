// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "base/fd.hpp"

namespace arpline {

/// Detects tagged frames on an interface of the thread's own namespace. XDP does not see a tag that the NIC has
/// stripped, but a packet socket gets it as metadata. The socket's filter accepts tagged frames only, and only
/// their first bytes, so that other traffic costs nothing more.
class TagWatch {
 public:
  /// The tag's type: IEEE 802.1Q and 802.1ad.
  enum Kind { customer, service };

  /// Detects nothing when there is no such interface or no privilege.
  explicit TagWatch(int ifindex);

  /// Readable when frames wait; -1 when the socket is closed.
  int fd() const noexcept { return socket_ ? socket_.get() : -1; }
  /// Reads the waiting frames; true when a type was seen for the first time. A type that was seen once stays
  /// seen, and after both the socket is closed.
  bool read();
  bool seen(Kind kind) const noexcept { return seen_[kind]; }

 private:
  Fd socket_;
  std::array<bool, 2> seen_{};
};

}  // namespace arpline
