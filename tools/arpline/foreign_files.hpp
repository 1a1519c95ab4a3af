// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"

namespace arpline {

/// Reads files of a mount namespace that a container may control, where any path may be a link, a device or a
/// file system that never answers. It follows no symbolic link, opens only small regular files and executes
/// nothing. An unprivileged child process does the reads and is abandoned when a file system does not answer.
class ForeignFiles {
 public:
  ForeignFiles() = default;
  ForeignFiles(const ForeignFiles&) = delete;
  ForeignFiles& operator=(const ForeignFiles&) = delete;
  ~ForeignFiles();

  static constexpr std::size_t kMostBytes = 65536;
  /// Time for one root, after which it is not read again, and for all roots together.
  static constexpr std::chrono::milliseconds kPatience{400};
  static constexpr std::chrono::milliseconds kPatienceForAll{1200};

  /// The text of a file below `root`, a folder such as /proc/PID/root. nullopt when the file does not exist,
  /// may not be read or did not arrive in time.
  std::optional<std::string> read(const std::string& root, const std::string& path);
  /// The roots that did not answer in time.
  const std::vector<std::string>& silent() const noexcept { return silent_; }

 private:
  bool is_silent(const std::string& root) const;
  void start_child(const std::string& root);
  std::optional<std::string> answer();
  void end_child() noexcept;

  std::string root_;  // the root that the child reads below
  pid_t child_ = -1;
  Fd questions_;  // one datagram each way per file
  std::chrono::milliseconds left_here_{0};
  std::chrono::milliseconds left_ = kPatienceForAll;
  std::vector<std::string> silent_;
};

}  // namespace arpline
