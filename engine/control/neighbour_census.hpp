// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "endpoints/model.hpp"

namespace arpline {

/// Finds the interfaces that hold the neighbour table's entries. The kernel lists a namespace's entries only
/// inside it, so the census enters one namespace after another, a slice at a time.
class NeighbourCensus {
 public:
  struct Holder {
    ForeignText netns;
    ForeignText interface;
    std::uint32_t entries = 0;  ///< entries that count against the limit
  };
  struct Result {
    std::vector<Holder> holders;  ///< the fullest first, kMostNamed at most
    std::uint64_t exempt = 0;     ///< entries that don't count against the limit, in all namespaces
    Instant ended_at = kNoTime;
  };
  using Open = std::function<Fd(int nsid)>;

  static constexpr std::size_t kMostNamed = 5;
  static constexpr Duration kSlice = 20ms;

  /// Starts a new round; a running one is dropped.
  void begin(std::vector<Netns> namespaces);
  bool under_way() const noexcept { return next_ < namespaces_.size(); }
  /// Continues for about kSlice. Never throws: a namespace that can't be entered is left out.
  void go_on(const Open& open) noexcept;
  /// The result of the last whole round; nullopt: there was none yet, or none since forget().
  const std::optional<Result>& result() const noexcept { return result_; }
  void forget() noexcept;

 private:
  void count(const Netns& netns, const Open& open);

  std::vector<Netns> namespaces_;
  std::size_t next_ = 0;
  Result round_;
  std::optional<Result> result_;
};

/// "web/mv0 950, host/eth0 3"; empty for none.
std::string text_of(const std::vector<NeighbourCensus::Holder>& holders);

}  // namespace arpline
