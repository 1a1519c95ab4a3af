// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "shared/abi.h"

struct ring_buffer;

namespace arpline {

/// The reader of the programs' `events` ring buffer.
class Events {
 public:
  using Handler = std::function<void(const arpl_event&)>;

  /// Throws SetupError.
  Events(int map_fd, Handler handler);
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events();

  /// A descriptor for epoll.
  int fd() const noexcept;
  /// Passes all waiting events to the handler; never waits.
  void drain() noexcept;

 private:
  static int on_sample(void* self, void* data, std::size_t bytes) noexcept;

  struct Free {
    void operator()(ring_buffer* buffer) const noexcept;
  };
  Handler handler_;
  std::unique_ptr<ring_buffer, Free> buffer_;
};

}  // namespace arpline
