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
  std::span<const std::byte> bytes;  ///< the captured bytes; valid until the next call of Capture::next()
  std::uint32_t wire_bytes = 0;      ///< length on the wire; never less than was captured
  std::uint64_t time_ns = 0;         ///< since 1970-01-01 UTC
};

/// An open file and the name that the user gave it.
struct Input {
  struct Close {
    void operator()(FILE* open) const noexcept { std::fclose(open); }
  };
  std::unique_ptr<FILE, Close> file;
  std::string name;
};

/// Opens a file for reading; "-" is standard input. Throws SetupError.
Input open_input(const std::string& path);

/// Reads a pcapng or pcap file of Ethernet frames through libpcap.
class Capture {
 public:
  /// Throws SetupError for a file that is no capture of Ethernet frames.
  explicit Capture(Input input);
  explicit Capture(const std::string& path) : Capture(open_input(path)) {}
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Reads the next frame; false at the end. Throws SetupError with file, position and fault.
  bool next(Captured& frame);

 private:
  std::string name_;
  std::unique_ptr<char[]> buffer_;  // read through by pcap_, which it has to outlive
  pcap* pcap_ = nullptr;
  std::uint64_t read_ = 0;
};

}  // namespace arpline::replay
