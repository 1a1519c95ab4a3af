// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "endpoints/model.hpp"

namespace arpline {

/// Who holds the entries of the neighbour table. The kernel tells only a namespace's own, to who is inside: so
/// it goes from one to the next, a slice at a time.
class NeighbourCensus {
 public:
  struct Holder {
    ForeignText netns;
    ForeignText interface;
    std::uint32_t entries = 0;  ///< those that count against the limit
  };
  struct Result {
    std::vector<Holder> holders;  ///< the fullest first, kMostNamed at most
    std::uint64_t exempt = 0;     ///< what does not count against the limit, in all namespaces
    std::uint64_t ended_at = 0;
  };
  using Open = std::function<Fd(int nsid)>;

  static constexpr std::size_t kMostNamed = 5;
  static constexpr std::uint64_t kSliceNs = 20'000'000;

  /// A new round; one that is under way ends here.
  void begin(std::vector<Netns> namespaces);
  bool under_way() const noexcept { return next_ < namespaces_.size(); }
  /// Goes on for about a slice. Never throws: what cannot be entered is left out.
  void go_on(const Open& open) noexcept;
  /// Of the last whole round; none: there was none yet, or forget().
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
