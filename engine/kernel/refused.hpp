// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct refused_bpf;

namespace arpline {

/// Counts the frames that drivers did not send although the XDP program said XDP_TX, by the kernel's trace
/// points: neither the program's verdict nor all drivers' counters tell. Of interfaces of the namespace of who
/// makes it.
class Refused {
 public:
  /// Where the kernel offers none, nothing is counted; never throws.
  Refused() noexcept;
  Refused(const Refused&) = delete;
  Refused& operator=(const Refused&) = delete;
  ~Refused();

  /// From now on these of this interface count; forget() ends it.
  void watch(int ifindex) noexcept;
  void forget(int ifindex) noexcept;
  /// nullopt: it can't be known.
  std::optional<std::uint64_t> count(int ifindex) const noexcept;

 private:
  struct Close {
    void operator()(refused_bpf* skeleton) const noexcept;
  };
  std::unique_ptr<refused_bpf, Close> skeleton_;
};

}  // namespace arpline
