// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "shared/bucket.h"

namespace arpline {

/// How many lines the log takes. Pure: time is a parameter, in nanoseconds of CLOCK_MONOTONIC.
class LogLimiter {
 public:
  static constexpr std::uint64_t kLinesPerSecond = 20;
  static constexpr std::uint64_t kLinesSaved = 1000;  ///< so many at once after a quiet time
  static constexpr std::uint64_t kErrorsPerSecond = 2;
  static constexpr std::uint64_t kErrorsSaved = 100;
  static constexpr std::uint64_t kReportAfterNs = 5'000'000'000;

  /// Whether a line may be written. Errors have a bound of their own: a flood of other lines hides none. What
  /// may not be written is counted.
  bool take(bool error, std::uint64_t now) noexcept;
  /// How many lines were left out, when it is time and there is room to say so; 0: nothing to say.
  std::uint64_t take_report(std::uint64_t now) noexcept;
  /// A line that was taken and could not be written after all.
  void lose(std::uint64_t now) noexcept;

 private:
  __u64 lines_ = 0;
  __u64 errors_ = 0;
  std::uint64_t left_out_ = 0;
  std::uint64_t since_ = 0;
};

/// Writes lines and never waits for who reads them: a line for which there is no room is lost as a whole.
class LineWriter {
 public:
  /// Longer lines are cut: a pipe takes so much at once or nothing (PIPE_BUF).
  static constexpr std::size_t kMostBytes = 4096;

  /// For a pipe or a terminal a descriptor of its own: the flag O_NONBLOCK of the given one is others' as well.
  explicit LineWriter(int fd) noexcept;

  /// `line` ends with a line break. False when it is lost.
  bool write(std::string_view line) noexcept;

 private:
  bool put(std::string_view bytes) noexcept;
  bool finish() noexcept;

  int fd_;
  Fd own_;
  bool is_socket_ = false;
  std::string rest_;  // of a line that was taken in part, kMostBytes at most
};

/// One line, whatever it was made of: printable(), with line breaks escaped as well.
std::string visible_line(std::string_view line);

/// True when `fd` is what JOURNAL_STREAM names ("device:inode"); nullptr: it is not set.
bool is_journal(const char* journal_stream, int fd) noexcept;
bool stderr_is_journal() noexcept;

/// Makes the bounded log on stderr spdlog's default: with time and level, or for the journal, which adds both
/// by itself, with sd-daemon(3)'s "<N>" in front. One thread only may log: the control thread.
void set_up_log();
/// Says what was left out once there is room. Four times a second.
void tick_log();
/// The one line with which the daemon ends; not bounded, and waited for a moment.
void log_fatal(const std::string& line);

}  // namespace arpline
