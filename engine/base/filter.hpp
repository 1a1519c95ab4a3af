// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <unordered_map>

namespace arpline {

/// The writer of a bit filter that other threads and the programs read. It counts the users of each bit and
/// clears a bit with its last user.
class Filter {
 public:
  /// `words` outlive it. A bit that an earlier run left without a user stays set: it costs a useless lookup, no
  /// more.
  explicit Filter(std::span<std::uint64_t> words) : words_(words) {}

  void add(std::uint32_t bit) {
    ++users_[bit];
    std::atomic_ref<std::uint64_t>(words_[bit / kWordBits]).fetch_or(1ULL << bit % kWordBits);
  }

  void remove(std::uint32_t bit) {
    const auto at = users_.find(bit);
    if (at == users_.end() || --at->second > 0) return;
    users_.erase(at);
    std::atomic_ref<std::uint64_t>(words_[bit / kWordBits]).fetch_and(~(1ULL << bit % kWordBits));
  }

 private:
  static constexpr std::uint32_t kWordBits = 64;

  std::span<std::uint64_t> words_;
  std::unordered_map<std::uint32_t, std::uint32_t> users_;
};

}  // namespace arpline
