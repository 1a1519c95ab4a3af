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

/// Watches the folders where runtimes keep namespaces (inotify). A file appears there before the namespace is
/// mounted on it, so it is looked at again for a while.
class NetnsFolders {
 public:
  static constexpr std::size_t kMostWaiting = 4096;
  static constexpr std::uint64_t kPatienceNs = 2'000'000'000;
  static constexpr std::uint64_t kRetryNs = 2'000'000;

  /// Throws SetupError.
  explicit NetnsFolders(std::vector<std::string> folders);

  /// For epoll.
  int fd() const noexcept { return inotify_.get(); }

  /// Begins to watch folders that have come into being; returns those.
  std::vector<std::string> watch_new_folders();

  /// Hands over the namespaces that have been mounted; never waits. False: some were not told, or too many
  /// wait: whoever keeps a picture has to list the folders.
  bool read(std::uint64_t now, const std::function<void(const ReachableNetns&)>& found);

  /// True while files wait for their namespace: call read() again within kRetryNs.
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
