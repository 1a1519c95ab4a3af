// SPDX-License-Identifier: Apache-2.0
// What the fuzzers share. Each defines seeds() and LLVMFuzzerTestOneInput().
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#define REQUIRE(condition)                                               \
  do {                                                                   \
    if (!(condition)) {                                                  \
      fmt::print(stderr, "{}:{}: {}\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                      \
    }                                                                    \
  } while (false)

namespace arpline::fuzz {

using Bytes = std::vector<std::uint8_t>;

/// Inputs to begin with. With ARPLINE_FUZZ_SEEDS=FOLDER in the environment the program writes them there and
/// ends.
std::vector<Bytes> seeds();

/// True with ARPLINE_FUZZ_COMPLETE in the environment: all seeds are run, so that nothing may be missing at the
/// end.
bool is_complete_run();

/// Takes values off the front of an input; what is missing is 0.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::span<const std::uint8_t> bytes(std::size_t most) {
    const auto taken = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  std::span<const std::uint8_t> rest() { return bytes(left_.size()); }
  std::string_view text() {
    const auto taken = rest();
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  bool empty() const { return left_.empty(); }

 private:
  template <class T>
  T number() {
    T value = 0;
    const auto taken = bytes(sizeof value);
    if (!taken.empty()) std::memcpy(&value, taken.data(), taken.size());
    return value;
  }

  std::span<const std::uint8_t> left_;
};

inline Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

/// A file in memory that holds the bytes, by a path of its own. One at a time.
class MemoryFile {
 public:
  MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  /// Nothing else is in it then.
  void hold(std::span<const std::uint8_t> bytes) const;
  const std::string& path() const { return path_; }

 private:
  int fd_;
  std::string path_;
};

}  // namespace arpline::fuzz
