// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arpline/replay/write.hpp"
#include "arpline/watch/watch.hpp"
#include "base/clock.hpp"
#include "base/output.hpp"

namespace arpline::watch {

/// Writes the frames as lines, as JSON or into a capture, no more of them than --count.
class Output {
 public:
  /// `parents`: those whose frames come. `request` outlives it. Throws SetupError.
  Output(const Request& request, const std::vector<ForeignText>& parents);

  /// Says that frames are watched from now on: on standard error, or as JSON.
  void begin() const;
  void frame(const WatchedFrame& frame);
  void left_out(std::uint64_t frames) noexcept { left_out_ += frames; }
  /// Writes what is due. False when nobody reads standard output any more. Throws SetupError when the capture
  /// can't be written.
  bool turn(Instant now);
  /// As many frames as were wanted have been written.
  bool full() const noexcept { return request_.count != 0 && frames_ >= request_.count; }
  /// Writes the rest and completes the capture. Throws SetupError.
  void finish();

 private:
  void write_line(const WatchedFrame& frame);
  void write_packet(const WatchedFrame& frame);
  void write_left_out();

  const Request& request_;
  std::vector<std::string> names_;  // of the parents
  bool with_parent_;
  bool lines_;
  std::size_t columns_ = 0;
  std::unique_ptr<OutputFile> file_;
  std::optional<replay::Writer> writer_;
  std::uint64_t frames_ = 0;
  std::uint64_t left_out_ = 0;
  Instant told_at_ = kNoTime;
};

}  // namespace arpline::watch
