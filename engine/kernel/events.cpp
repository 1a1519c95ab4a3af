// SPDX-License-Identifier: Apache-2.0
#include "kernel/events.hpp"

#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace arpline {

void Events::Free::operator()(ring_buffer* buffer) const noexcept {
  ring_buffer__free(buffer);
}

Events::Events(int map_fd, Handler handler)
    : handler_(std::move(handler)), buffer_(ring_buffer__new(map_fd, on_sample, this, nullptr)) {
  if (!buffer_) throw_errno("open the ring buffer of events", errno);
}

Events::~Events() = default;

int Events::on_sample(void* self, void* data, std::size_t bytes) noexcept {
  arpl_event event{};
  if (bytes >= sizeof event) {
    std::memcpy(&event, data, sizeof event);
    static_cast<Events*>(self)->handler_(event);
  }
  return 0;
}

int Events::fd() const noexcept {
  return ring_buffer__epoll_fd(buffer_.get());
}

void Events::drain() noexcept {
  ring_buffer__consume(buffer_.get());
}

}  // namespace arpline
