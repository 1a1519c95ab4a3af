// SPDX-License-Identifier: Apache-2.0
#include "discovery/netns_folders.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace arpline {

NetnsFolders::NetnsFolders(std::vector<std::string> folders)
    : folders_(std::move(folders)), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!inotify_) throw_errno("opening an inotify descriptor", errno, "see fs.inotify.max_user_instances");
}

std::vector<std::string> NetnsFolders::watch_new_folders() {
  std::vector<std::string> fresh;
  for (const auto& folder : folders_) {
    if (std::ranges::any_of(watched_, [&](const auto& entry) { return entry.second == folder; })) continue;
    const int watch = inotify_add_watch(inotify_.get(), folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    if (watch < 0) continue;  // the folder does not exist yet
    watched_.insert_or_assign(watch, folder);
    fresh.push_back(folder);
  }
  return fresh;
}

// False when the kernel's queue or waiting_ has overflowed.
bool NetnsFolders::take_events(Instant now) {
  alignas(inotify_event) std::array<char, 16384> buffer{};
  bool whole = true;
  for (;;) {
    const auto length = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (length <= 0) return whole;
    for (const char* at = buffer.data(); at < buffer.data() + length;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      if ((event->mask & IN_Q_OVERFLOW) != 0) whole = false;
      const auto folder = watched_.find(event->wd);
      if (folder == watched_.end()) continue;
      if ((event->mask & IN_IGNORED) != 0) {
        watched_.erase(folder);  // the folder itself is gone
      } else if (event->len > 0 && waiting_.size() < kMostWaiting) {
        waiting_.push_back({.path = folder->second + "/" + event->name, .until = now + kPatience});
      } else if (event->len > 0) {
        whole = false;
      }
    }
  }
}

bool NetnsFolders::read(Instant now, const std::function<void(const ReachableNetns&)>& found) {
  const bool whole = take_events(now);
  for (auto left = waiting_.size(); left > 0; --left) {
    auto file = std::move(waiting_.front());
    waiting_.pop_front();
    if (const auto netns = netns_at(file.path)) {
      found(*netns);
    } else if (now < file.until) {
      waiting_.push_back(std::move(file));
    }
  }
  return whole;
}

}  // namespace arpline
