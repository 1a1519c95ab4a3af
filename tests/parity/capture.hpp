// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include "packet/frame.hpp"

/// Reads and writes captures in libpcap's format (draft-ietf-opsawg-pcap), in this machine's byte order.
namespace arpline::parity {

struct CaptureHeader {
  std::uint32_t magic = 0xa1b2c3d4;
  std::uint16_t major = 2, minor = 4;
  std::uint32_t reserved[2] = {};
  std::uint32_t longest = 65535;
  std::uint32_t link_type = 1;  // LINKTYPE_ETHERNET
};
struct CapturedHeader {
  std::uint32_t seconds = 0, fraction = 0;
  std::uint32_t captured, length;  // bytes
};

inline void write_capture(const std::filesystem::path& path, const std::vector<packet::Bytes>& frames) {
  std::ofstream file(path, std::ios::binary);
  const CaptureHeader header;
  file.write(reinterpret_cast<const char*>(&header), sizeof header);
  for (const auto& frame : frames) {
    const auto length = static_cast<std::uint32_t>(frame.size());
    const CapturedHeader one{.captured = length, .length = length};
    file.write(reinterpret_cast<const char*>(&one), sizeof one);
    file.write(reinterpret_cast<const char*>(frame.data()), length);
  }
}

inline std::vector<packet::Bytes> read_capture(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  file.ignore(sizeof(CaptureHeader));
  std::vector<packet::Bytes> frames;
  for (CapturedHeader one{}; file.read(reinterpret_cast<char*>(&one), sizeof one);) {
    frames.emplace_back(one.captured);
    file.read(reinterpret_cast<char*>(frames.back().data()), one.captured);
  }
  return frames;
}

}  // namespace arpline::parity
