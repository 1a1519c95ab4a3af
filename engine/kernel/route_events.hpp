// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/fd.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// What the kernel says by itself about links, addresses and namespace ids: of the namespace of the thread that
/// made it, and of every namespace that has an id there (NETLINK_LISTEN_ALL_NSID, RTNLGRP_NSID).
class RouteEvents {
 public:
  /// nsid: the id of the namespace that it happened in; none: the own one, as long as that has no id.
  using Handler = std::function<void(const nlmsghdr& message, std::optional<int> nsid)>;

  /// Throws SetupError.
  RouteEvents();

  int fd() const noexcept { return socket_.get(); }

  struct Read {
    std::size_t messages = 0;
    bool overrun = false;  ///< some were lost: whoever keeps a picture has to look at everything again
  };

  /// Hands at most `most` messages to the handler; never waits. Throws SetupError when the socket fails.
  Read read(std::size_t most, const Handler& handler);

 private:
  Fd socket_;
  std::vector<char> buffer_;
};

}  // namespace arpline
