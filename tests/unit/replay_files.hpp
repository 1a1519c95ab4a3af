// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "packet/frame.hpp"

namespace arpline::replay {

/// A temporary file that the destructor removes.
class ScratchFile {
 public:
  ScratchFile() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("arpline-replay-" + std::to_string(getpid()) + "-" + std::to_string(++count));
  }
  ~ScratchFile() { std::filesystem::remove(path_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  std::string path() const { return path_; }
  void write(const packet::Bytes& bytes) const {
    std::ofstream out{path_, std::ios::binary};
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  packet::Bytes read() const {
    std::ifstream in{path_, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

 private:
  std::filesystem::path path_;
};

/// Writes the numbers of a capture file in one byte order.
struct Ordered {
  bool big = false;
  packet::Bytes bytes{};

  Ordered& u16(std::uint16_t v) { return number(v, 2); }
  Ordered& u32(std::uint32_t v) { return number(v, 4); }
  Ordered& u64(std::uint64_t v) { return number(v, 8); }
  Ordered& raw(const packet::Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return *this;
  }

 private:
  Ordered& number(std::uint64_t v, int width) {
    for (int i = 0; i < width; ++i)
      bytes.push_back(static_cast<std::uint8_t>(v >> (8 * (big ? width - 1 - i : i))));
    return *this;
  }
};

}  // namespace arpline::replay
