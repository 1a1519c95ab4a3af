// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/token_bucket.hpp"

namespace arpline {

/// Limits the lines of the log. Pure: time is a parameter.
class LogLimiter {
 public:
  static constexpr int kLinesPerSecond = 20;
  static constexpr int kLinesSaved = 1000;  ///< burst after a quiet time
  static constexpr int kErrorsPerSecond = 2;
  static constexpr int kErrorsSaved = 100;
  static constexpr Duration kReportAfter = 5s;

  /// Whether a line may be written; one that may not is counted. Errors have a limit of their own, so that a
  /// flood of other lines hides none of them.
  bool take(bool error, Instant now) noexcept;
  /// The number of lines left out, once a report is due and may be written; otherwise 0.
  std::uint64_t take_report(Instant now) noexcept;
  /// Counts a line that was taken and could not be written after all.
  void lose(Instant now) noexcept;

 private:
  TokenBucket lines_;
  TokenBucket errors_;
  std::uint64_t left_out_ = 0;
  Instant since_ = kNoTime;
};

/// Writes lines and never waits for the reader: a line for which there is no room is lost as a whole.
class LineWriter {
 public:
  /// Longer lines are cut: a pipe takes up to PIPE_BUF bytes at once or none.
  static constexpr std::size_t kMostBytes = 4096;

  /// Opens a pipe or a terminal again, because setting O_NONBLOCK on `fd` would affect the other processes that
  /// share it.
  explicit LineWriter(int fd) noexcept;

  /// `line` ends with a line break. False when it is lost.
  bool write(std::string_view line) noexcept;

 private:
  bool put(std::string_view bytes) noexcept;
  bool finish() noexcept;

  int fd_;
  Fd own_;
  bool is_socket_ = false;
  std::string rest_;  // the unwritten part of a line, at most kMostBytes
};

/// True when `fd` is the stream that `journal_stream`, the value of JOURNAL_STREAM ("device:inode"), names;
/// nullptr: the variable is not set.
bool is_journal(const char* journal_stream, int fd) noexcept;
bool stderr_is_journal() noexcept;

/// Makes a rate-limited log on stderr spdlog's default. Its lines have time and level; for the journal, which
/// adds both, they have sd-daemon(3)'s "<N>" in front instead. Only the control thread may log.
void set_up_log();
/// Reports the lines left out once there is room. Four times a second.
void tick_log();
/// The number of lines left out since the start, reported or not.
std::uint64_t lines_left_out() noexcept;
/// Writes the line with which the daemon ends: not rate-limited, and waits for room for up to a second.
void log_fatal(const std::string& line);

}  // namespace arpline
