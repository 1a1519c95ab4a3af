// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace arpline {

/// The memory of an mmapable BPF array map, shared with the kernel; unmapped with the object.
class Mapped {
 public:
  Mapped() = default;
  /// `name` is for the error only. Throws SetupError.
  Mapped(int map_fd, std::size_t bytes, bool writable, const std::string& name);
  Mapped(Mapped&& other) noexcept;
  Mapped& operator=(Mapped&& other) noexcept;
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  ~Mapped();

  template <class T>
  std::span<T> as() const noexcept {
    return {static_cast<T*>(memory_), bytes_ / sizeof(T)};
  }

 private:
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace arpline
