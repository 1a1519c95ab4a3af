// SPDX-License-Identifier: Apache-2.0
#include "discovery/netns_scan.hpp"

#include <system_error>

namespace arpline {
namespace {

constexpr Duration kInterval = Duration{1s} / NetnsScan::kPerSecond;
constexpr TokenBucket::Rate kRate{.interval = kInterval, .burst = kInterval * NetnsScan::kBurst};

}  // namespace

bool NetnsScan::wanted(Instant now) const noexcept {
  return running_ || (requested_ && pace_.has(now, kRate));
}

bool NetnsScan::begin(Instant now) {
  if (!requested_ || !pace_.take(now, kRate)) return false;
  requested_ = false;
  folder_ = 0;
  files_.reset();
  processes_.reset();
  return true;
}

// False after the last folder.
bool NetnsScan::step_folder(const Found& found) {
  if (folder_ == folders_.size()) return false;
  std::error_code error;
  if (!files_) {
    files_.emplace(folders_[folder_], error);
    if (error) files_.emplace();
  }
  if (*files_ == std::filesystem::directory_iterator{}) {
    files_.reset();
    ++folder_;
    return true;
  }
  if (const auto netns = netns_at((*files_)->path())) found(*netns);
  files_->increment(error);
  if (error) files_.emplace();
  return true;
}

bool NetnsScan::step_processes(const Found& found) {
  if (!processes_) processes_.emplace();
  const auto process = processes_->next();
  if (!process) return false;
  found({.inode = process->netns_inode, .pids = {process->pid}});
  return true;
}

void NetnsScan::step(Instant now, const std::function<bool()>& enough, const Found& found) {
  if (!running_) running_ = begin(now);
  while (running_ && !enough()) running_ = step_folder(found) || step_processes(found);
  if (!running_) processes_.reset();
}

}  // namespace arpline
