// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "base/fd.hpp"

namespace arpline {

/// Hears whether tagged frames come in on an interface, without looking at any other: a packet socket whose
/// filter takes what has a tag with a VLAN id, the first bytes of it. XDP does not see a tag that the NIC has
/// taken out; what passes it comes by here with the tag beside it. For the thread's own namespace.
class TagWatch {
 public:
  /// IEEE 802.1Q and 802.1ad.
  enum Kind { customer, service };

  /// Without an interface of that number, or the privilege, it hears nothing.
  explicit TagWatch(int ifindex);

  /// Readable when there is something to read; -1: never.
  int fd() const noexcept { return socket_ ? socket_.get() : -1; }
  /// Takes in what has come. True when it is the first of its kind. What there is once is known for good: then
  /// nothing more is listened to.
  bool read();
  bool seen(Kind kind) const noexcept { return seen_[kind]; }

 private:
  Fd socket_;
  std::array<bool, 2> seen_{};
};

}  // namespace arpline
