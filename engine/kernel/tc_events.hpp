// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "base/fd.hpp"

namespace arpline {

/// What the kernel says about qdiscs and tc filters of the namespace of the thread that made it.
class TcEvents {
 public:
  static constexpr int kEvery = 0;  ///< events were lost: it may be any interface

  /// Throws SetupError.
  TcEvents();

  int fd() const noexcept { return socket_.get(); }

  /// Hands the interfaces whose qdiscs or filters have changed to the handler; never waits, and takes no more
  /// than a bounded number of messages at once.
  void read(const std::function<void(int ifindex)>& handler);

 private:
  Fd socket_;
  std::vector<char> buffer_;
};

}  // namespace arpline
