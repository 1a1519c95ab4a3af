// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace arpline::replay {

/// Writes a pcapng file (draft-ietf-opsawg-pcapng) of Ethernet frames with comments, times in nanoseconds.
class Writer {
 public:
  /// Into `file`, which outlives it and is called `name`. The interfaces that frames are on; in their order
  /// they are 0, 1, ….
  Writer(FILE* file, std::string name, std::span<const std::string_view> interfaces);

  /// `wire_bytes`: of the whole frame, not less than `bytes`. `comment`: at most 65,535 bytes; empty: none.
  void frame(std::uint32_t interface, std::uint64_t time_ns, std::span<const std::byte> bytes,
             std::uint32_t wire_bytes, std::string_view comment = {});
  /// Throws SetupError when any of it could not be written.
  void finish();

 private:
  void begin(std::uint32_t type);
  void put16(std::uint16_t value);
  void put32(std::uint32_t value);
  void put(std::span<const std::byte> bytes);
  void option(std::uint16_t code, std::span<const std::byte> value);
  void end();

  FILE* file_;
  std::string name_;
  std::vector<std::byte> block_;  // as it grows; its lengths are written by end()
};

}  // namespace arpline::replay
