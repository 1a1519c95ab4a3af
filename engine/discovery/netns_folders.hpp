// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "kernel/netns.hpp"

namespace arpline {

/// Watches the folders where runtimes keep namespaces, with inotify. A runtime creates the file before it
/// mounts the namespace on it, so a new file is tried again for kPatienceNs.
class NetnsFolders {
 public:
  static constexpr std::size_t kMostWaiting = 4096;
  static constexpr std::uint64_t kPatienceNs = 2'000'000'000;
  static constexpr std::uint64_t kRetryNs = 2'000'000;

  /// Throws SetupError.
  explicit NetnsFolders(std::vector<std::string> folders);

  /// Descriptor for epoll; read() reads it.
  int fd() const noexcept { return inotify_.get(); }

  /// Starts to watch the folders that exist only since the last call; returns them.
  std::vector<std::string> watch_new_folders();

  /// Calls `found` for each namespace that has been mounted; never blocks. False: events were lost or too many
  /// files wait, so the caller has to list the folders.
  bool read(std::uint64_t now, const std::function<void(const ReachableNetns&)>& found);

  /// True while files wait for their namespace: call read() again every kRetryNs.
  bool waiting() const noexcept { return !waiting_.empty(); }

 private:
  struct Waiting {
    std::string path;
    std::uint64_t until = 0;
  };

  bool take_events(std::uint64_t now);

  std::vector<std::string> folders_;
  Fd inotify_;
  std::map<int, std::string> watched_;  // by watch descriptor
  std::deque<Waiting> waiting_;
};

}  // namespace arpline
