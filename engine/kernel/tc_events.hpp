// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "base/fd.hpp"

namespace arpline {

/// The kernel's notifications about qdiscs and tc filters, in the namespace of the thread that makes the
/// object.
class TcEvents {
 public:
  static constexpr int kEvery = 0;  ///< events were lost: any interface may have changed

  /// Throws SetupError.
  TcEvents();

  int fd() const noexcept { return socket_.get(); }

  /// Passes the interfaces whose qdiscs or filters have changed to the handler. Never waits; reads a bounded
  /// number of messages.
  void read(const std::function<void(int ifindex)>& handler);

 private:
  Fd socket_;
  std::vector<char> buffer_;
};

}  // namespace arpline
