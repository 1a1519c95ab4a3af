// SPDX-License-Identifier: Apache-2.0
// Shared by the fuzzers. Each defines seeds() and LLVMFuzzerTestOneInput().
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

/// The initial inputs. With ARPLINE_FUZZ_SEEDS=FOLDER in the environment, the program writes them to the folder
/// and exits.
std::vector<Bytes> seeds();

/// Whether ARPLINE_FUZZ_COMPLETE is in the environment: all seeds are run, and the fuzzer fails unless they
/// reach everything.
bool is_complete_run();

/// Consumes values from the front of an input; missing bytes are 0.
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

/// An in-memory file with a path of its own. Only one exists at a time.
class MemoryFile {
 public:
  MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  /// Replaces the contents of the file.
  void hold(std::span<const std::uint8_t> bytes) const;
  const std::string& path() const { return path_; }

 private:
  int fd_;
  std::string path_;
};

}  // namespace arpline::fuzz
