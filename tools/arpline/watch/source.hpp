// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arpline/roots.hpp"
#include "report/watched.hpp"

namespace arpline::watch {

/// Where one parent's frames come from.
class Source {
 public:
  struct Receiver {
    std::function<void(const WatchedFrame&)> frame;
    std::function<void(std::uint64_t)> left_out;
  };

  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// A descriptor for poll.
  virtual int fd() const = 0;
  /// Passes on what waits; false when no more will come. Throws SetupError.
  virtual bool read(const Receiver& receiver) = 0;
  virtual const ForeignText& parent() const = 0;
};

/// The daemon of one parent: asks it, and waits until every frame is watched. nullptr: none runs. Throws
/// SetupError when it refuses, NoDaemonError when it hangs.
std::unique_ptr<Source> from_daemon(const Roots& roots, const PinName& name, const WatchRequest& wanted);

/// Packet sockets on the interface, one for each direction: they see no frame that XDP has answered or dropped,
/// and know of no verdict and no container. Throws SetupError.
std::vector<std::unique_ptr<Source>> from_packet_sockets(const ForeignText& interface,
                                                         const WatchRequest& wanted);

}  // namespace arpline::watch
