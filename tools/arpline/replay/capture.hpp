// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct pcap;

namespace arpline::replay {

/// One frame of a capture.
struct Captured {
  std::span<const std::byte> bytes;  ///< as many as were captured; until the next call of Capture::next()
  std::uint32_t wire_bytes = 0;      ///< how many there were; never less
  std::uint64_t time_ns = 0;         ///< since 1970
};

/// Reads a pcapng or pcap file of Ethernet frames through libpcap.
class Capture {
 public:
  /// "-": standard input. Throws SetupError.
  explicit Capture(const std::string& path);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// False at the end. Throws SetupError that names file, place and fault.
  bool next(Captured& frame);

 private:
  std::string path_;
  std::unique_ptr<char[]> buffer_;  // longer than pcap_, which reads through it
  pcap* pcap_ = nullptr;
  std::uint64_t read_ = 0;
};

}  // namespace arpline::replay
