// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/mapped.hpp"
#include "kernel/programs.hpp"
#include "shared/watched.h"

struct ring_buffer;
struct watched_bpf;

namespace arpline {

/// The programs that take the place of Programs' own while somebody watches: they do the same on the same maps,
/// and tell about each frame. Programs::use() attaches them.
class WatchedPrograms {
 public:
  using Handler = std::function<void(const arpl_watched_frame&)>;

  /// Loads them, which takes tens of milliseconds: may be called in a thread of its own while `maps` lives.
  /// Throws SetupError.
  WatchedPrograms(const Maps& maps, IngressProgram ingress);
  WatchedPrograms(const WatchedPrograms&) = delete;
  WatchedPrograms& operator=(const WatchedPrograms&) = delete;
  ~WatchedPrograms();

  /// -1 without an ingress program.
  int ingress_fd() const noexcept;
  int egress_fd() const noexcept;
  /// The wishes of each watcher; the programs read them at any time.
  std::span<arpl_watch_filter> filters() const noexcept { return filters_.as<arpl_watch_filter>(); }
  /// The frames that each watcher wanted and has not got, since the programs were loaded.
  arpl_watch_left_out left_out() const;

  /// A descriptor for epoll: readable when frames wait.
  int fd() const noexcept;
  /// Passes the frames that wait to the handler, `most` of them at a time; never waits.
  void drain(const Handler& handler, int most) noexcept;

 private:
  static int on_sample(void* self, void* data, std::size_t bytes) noexcept;

  struct CloseSkeleton {
    void operator()(watched_bpf* skeleton) const noexcept;
  };
  struct FreeRing {
    void operator()(ring_buffer* ring) const noexcept;
  };

  IngressProgram ingress_;
  std::unique_ptr<watched_bpf, CloseSkeleton> skeleton_;
  Mapped filters_;
  std::unique_ptr<ring_buffer, FreeRing> ring_;
  const Handler* handler_ = nullptr;  // within drain()
  int left_ = 0;                      // frames that drain() may still pass on
};

}  // namespace arpline
