// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/fd.hpp"
#include "kernel/netlink.hpp"

namespace arpline {

/// The kernel's notifications about links, addresses and namespace ids, from the namespace of the thread that
/// makes the object and from all namespaces that have an id there (NETLINK_LISTEN_ALL_NSID, RTNLGRP_NSID).
class RouteEvents {
 public:
  /// `nsid`: the id of the event's namespace; none: the own namespace, as long as it has no id.
  using Handler = std::function<void(const nlmsghdr& message, std::optional<int> nsid)>;

  /// Throws SetupError.
  RouteEvents();

  int fd() const noexcept { return socket_.get(); }

  struct Read {
    std::size_t messages = 0;
    bool overrun = false;  ///< events were lost: state built from events has to be read again
  };

  /// Passes at most `most` messages to the handler; never waits. Throws SetupError when the socket fails.
  Read read(std::size_t most, const Handler& handler);

 private:
  Fd socket_;
  std::vector<char> buffer_;
};

}  // namespace arpline
