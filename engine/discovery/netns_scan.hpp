// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernel/netns.hpp"

namespace arpline {

/// Looks through the folders of namespaces and through /proc, in slices, when somebody has a reason to think
/// that there is a namespace that nobody knows.
class NetnsScan {
 public:
  /// No more than this many searches a second, whatever happens; so many may be saved up.
  static constexpr std::uint64_t kPerSecond = 4;
  static constexpr std::uint64_t kBurst = 10;

  explicit NetnsScan(std::vector<std::string> folders) : folders_(std::move(folders)) {}

  /// One full search that begins from now on.
  void request() noexcept { requested_ = true; }
  bool requested() const noexcept { return requested_; }
  /// Whether there is something to do now.
  bool wanted(std::uint64_t now) const noexcept;

  using Found = std::function<void(const ReachableNetns&)>;
  /// Goes on until `enough` says so; hands over what it comes across: a path, or one process. Throws SetupError
  /// without /proc.
  void step(std::uint64_t now, const std::function<bool()>& enough, const Found& found);

 private:
  bool begin(std::uint64_t now);
  bool step_folder(const Found& found);
  bool step_processes(const Found& found);

  std::vector<std::string> folders_;
  bool requested_ = false;
  bool running_ = false;
  std::size_t folder_ = 0;
  std::optional<std::filesystem::directory_iterator> files_;
  std::optional<ProcessNamespaces> processes_;
  __u64 pace_ = 0;
};

}  // namespace arpline
