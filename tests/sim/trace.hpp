// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/packet.hpp"
#include "sim/queue.hpp"

namespace arpline::sim {

/// The course of a run: a hash over all events, and the last events as text.
class Trace {
 public:
  static constexpr std::size_t kLast = 4000;

  explicit Trace(const Queue& queue) : queue_(queue) {}

  /// `what` must be a literal: the trace keeps only a view of it.
  void frame(std::string_view what, const Packet& packet);
  void event(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0);

  std::uint64_t hash() const noexcept { return hash_; }
  /// The last `most` lines, oldest first.
  std::vector<std::string> lines(std::size_t most) const;

 private:
  struct Record {
    Time when{};
    std::string_view what;
    bool has_packet = false;
    Packet packet;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
  };
  Record& next(std::string_view what);
  void mix(std::uint64_t word) noexcept;

  const Queue& queue_;
  std::vector<Record> last_;
  std::uint64_t records_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace arpline::sim
