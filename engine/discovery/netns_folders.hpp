// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "kernel/netns.hpp"

namespace arpline {

/// Watches the folders where runtimes keep namespaces, with inotify. A runtime creates the file before it
/// mounts the namespace on it, so a new file is tried again for kPatience.
class NetnsFolders {
 public:
  static constexpr std::size_t kMostWaiting = 4096;
  static constexpr Duration kPatience = 2s;
  static constexpr Duration kRetry = 2ms;

  /// Throws SetupError.
  explicit NetnsFolders(std::vector<std::string> folders);

  /// Descriptor for epoll; read() reads it.
  int fd() const noexcept { return inotify_.get(); }

  /// Starts to watch the folders that exist only since the last call; returns them.
  std::vector<std::string> watch_new_folders();

  /// Calls `found` for each namespace that has been mounted; never blocks. False: events were lost or too many
  /// files wait, so the caller has to list the folders.
  bool read(Instant now, const std::function<void(const ReachableNetns&)>& found);

  /// True while files wait for their namespace: call read() again every kRetry.
  bool waiting() const noexcept { return !waiting_.empty(); }

 private:
  struct Waiting {
    std::string path;
    Instant until = kNoTime;
  };

  bool take_events(Instant now);

  std::vector<std::string> folders_;
  Fd inotify_;
  std::map<int, std::string> watched_;  // by watch descriptor
  std::deque<Waiting> waiting_;
};

}  // namespace arpline
