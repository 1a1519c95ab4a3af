// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/token_bucket.hpp"
#include "kernel/netns.hpp"

namespace arpline {

/// Searches the folders of namespaces and /proc, in slices. It finds namespaces that raised no event here, and
/// is requested when there may be one.
class NetnsScan {
 public:
  /// Scans that may start in a second, and those that may be saved up.
  static constexpr std::uint64_t kPerSecond = 4;
  static constexpr std::uint64_t kBurst = 10;

  explicit NetnsScan(std::vector<std::string> folders) : folders_(std::move(folders)) {}

  /// Requests a full scan that starts after this call; a scan that is already running does not count.
  void request() noexcept { requested_ = true; }
  bool requested() const noexcept { return requested_; }
  /// Whether step() has work to do now.
  bool wanted(Instant now) const noexcept;

  using Found = std::function<void(const ReachableNetns&)>;
  /// Continues until `enough` returns true. Calls `found` with each namespace's path or one of its processes,
  /// and more than once for the same namespace. Throws SetupError without /proc.
  void step(Instant now, const std::function<bool()>& enough, const Found& found);

 private:
  bool begin(Instant now);
  bool step_folder(const Found& found);
  bool step_processes(const Found& found);

  std::vector<std::string> folders_;
  bool requested_ = false;
  bool running_ = false;
  std::size_t folder_ = 0;
  std::optional<std::filesystem::directory_iterator> files_;
  std::optional<ProcessNamespaces> processes_;
  TokenBucket pace_;
};

}  // namespace arpline
