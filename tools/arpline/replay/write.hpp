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

/// Writes a pcapng file (draft-ietf-opsawg-pcapng) of Ethernet frames with comments; times are in nanoseconds.
class Writer {
 public:
  /// `file` outlives the writer; errors call it `name`. `interfaces` are numbered from 0 for frame().
  Writer(FILE* file, std::string name, std::span<const std::string_view> interfaces);

  /// `wire_bytes`: length of the whole frame, at least that of `bytes`. `comment`: at most 65,535 bytes; empty:
  /// none.
  void frame(std::uint32_t interface, std::uint64_t time_ns, std::span<const std::byte> bytes,
             std::uint32_t wire_bytes, std::string_view comment = {});
  /// Flushes; throws SetupError when any write has failed.
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
  std::vector<std::byte> block_;  // the block under construction; end() fills in its lengths
};

}  // namespace arpline::replay
