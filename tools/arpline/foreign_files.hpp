// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"

namespace arpline {

/// The one way to files of a mount namespace that a container may have made: there can be anything in a file's
/// place. No symbolic link is followed, nothing is opened but a small regular file, and a child process without
/// privileges does it, which is left behind when a file system does not answer. Executes nothing.
class ForeignFiles {
 public:
  ForeignFiles() = default;
  ForeignFiles(const ForeignFiles&) = delete;
  ForeignFiles& operator=(const ForeignFiles&) = delete;
  ~ForeignFiles();

  static constexpr std::size_t kMostBytes = 65536;
  /// For one root, which is not asked again after it, and for all together.
  static constexpr std::chrono::milliseconds kPatience{400};
  static constexpr std::chrono::milliseconds kPatienceForAll{1200};

  /// The text of a file below `root`, a folder as /proc/PID/root. nullopt: there is none that may be read, or
  /// it did not come in time.
  std::optional<std::string> read(const std::string& root, const std::string& path);
  /// The roots that did not answer in time.
  const std::vector<std::string>& silent() const noexcept { return silent_; }

 private:
  bool is_silent(const std::string& root) const;
  void look_below(const std::string& root);
  std::optional<std::string> answer();
  void end_child() noexcept;

  std::string root_;  // that the child looks below
  pid_t child_ = -1;
  Fd questions_;  // one datagram each way for a file
  std::chrono::milliseconds left_here_{0};
  std::chrono::milliseconds left_ = kPatienceForAll;
  std::vector<std::string> silent_;
};

}  // namespace arpline
