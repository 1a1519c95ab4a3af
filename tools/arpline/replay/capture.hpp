// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
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

/// A file that is open, and what its user calls it.
struct Input {
  struct Close {
    void operator()(FILE* open) const noexcept { std::fclose(open); }
  };
  std::unique_ptr<FILE, Close> file;
  std::string name;
};

/// "-": standard input. Throws SetupError.
Input open_input(const std::string& path);

/// Reads a pcapng or pcap file of Ethernet frames through libpcap.
class Capture {
 public:
  /// Throws SetupError.
  explicit Capture(Input input);
  explicit Capture(const std::string& path) : Capture(open_input(path)) {}
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// False at the end. Throws SetupError that names file, place and fault.
  bool next(Captured& frame);

 private:
  std::string name_;
  std::unique_ptr<char[]> buffer_;  // longer than pcap_, which reads through it
  pcap* pcap_ = nullptr;
  std::uint64_t read_ = 0;
};

}  // namespace arpline::replay
