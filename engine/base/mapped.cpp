// SPDX-License-Identifier: Apache-2.0
#include "base/mapped.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace arpline {

Mapped::Mapped(int map_fd, std::size_t bytes, bool writable, const std::string& name) : bytes_(bytes) {
  memory_ = mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, map_fd, 0);
  if (memory_ == MAP_FAILED) {
    memory_ = nullptr;
    throw_errno("map the memory of BPF map " + name, errno);
  }
}

Mapped::Mapped(Mapped&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Mapped& Mapped::operator=(Mapped&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Mapped::~Mapped() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

}  // namespace arpline
