// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct refused_bpf;

namespace arpline {

/// Counts the frames that drivers did not send although the XDP program returned XDP_TX. The numbers come from
/// the kernel's trace points, because the program gets no notice and some drivers have no counter. Counts
/// interfaces of the creating thread's namespace only.
class Refused {
 public:
  /// Counts nothing when the kernel has no such trace points; never throws.
  Refused() noexcept;
  Refused(const Refused&) = delete;
  Refused& operator=(const Refused&) = delete;
  ~Refused();

  /// Starts counting for this interface; forget() ends it.
  void watch(int ifindex) noexcept;
  void forget(int ifindex) noexcept;
  /// nullopt when the interface is not counted.
  std::optional<std::uint64_t> count(int ifindex) const noexcept;

 private:
  struct Close {
    void operator()(refused_bpf* skeleton) const noexcept;
  };
  std::unique_ptr<refused_bpf, Close> skeleton_;
};

}  // namespace arpline
