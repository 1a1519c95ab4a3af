// SPDX-License-Identifier: Apache-2.0
#include "control/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration second = 1s;
constexpr Instant start = at(1000 * second);

std::uint64_t taken(LogLimiter& limiter, bool error, Instant now, int tries) {
  std::uint64_t n = 0;
  for (int i = 0; i < tries; ++i) n += limiter.take(error, now) ? 1 : 0;
  return n;
}

TEST(LogLimiter, takes_what_is_saved_up_and_then_its_rate) {
  LogLimiter limiter;
  EXPECT_EQ(taken(limiter, false, start, 5000), LogLimiter::kLinesSaved);
  EXPECT_EQ(taken(limiter, false, start + second, 5000), LogLimiter::kLinesPerSecond);
}

TEST(LogLimiter, errors_pass_a_flood_of_other_lines_with_a_bound_of_their_own) {
  LogLimiter limiter;
  taken(limiter, false, start, 5000);
  EXPECT_EQ(taken(limiter, true, start, 5000), LogLimiter::kErrorsSaved);
  EXPECT_EQ(taken(limiter, true, start + second, 5000), LogLimiter::kErrorsPerSecond);
}

TEST(LogLimiter, says_nothing_while_nothing_is_left_out) {
  LogLimiter limiter;
  EXPECT_EQ(taken(limiter, false, start, 10), 10U);
  EXPECT_EQ(limiter.take_report(start + 3600 * second), 0U);
}

TEST(LogLimiter, says_how_many_were_left_out_once_there_is_room_again) {
  LogLimiter limiter;
  taken(limiter, false, start, LogLimiter::kLinesSaved + 7);
  taken(limiter, true, start, LogLimiter::kErrorsSaved + 3);
  EXPECT_EQ(limiter.take_report(start), 0U) << "no room";
  EXPECT_EQ(limiter.take_report(start + LogLimiter::kReportAfter - 1ns), 0U) << "not yet";
  EXPECT_EQ(limiter.take_report(start + LogLimiter::kReportAfter), 10U);
  EXPECT_EQ(limiter.take_report(start + 2 * LogLimiter::kReportAfter), 0U) << "it is said once";
}

TEST(LogLimiter, adds_up_under_a_flood_that_does_not_end) {
  LogLimiter limiter;
  std::uint64_t written = 0;
  std::uint64_t reports = 0;
  std::uint64_t left_out = 0;
  std::uint64_t offered = 0;
  for (Instant now = start; now < start + 60 * second; now += second / 1000) {
    const auto report = limiter.take_report(now);
    reports += report > 0 ? 1 : 0;
    left_out += report;
    written += limiter.take(false, now) ? 1 : 0;
    ++offered;
  }
  left_out += limiter.take_report(start + 120 * second);
  EXPECT_EQ(written + left_out, offered);
  EXPECT_GE(reports, 5U);
  EXPECT_LE(reports, 60 * second / LogLimiter::kReportAfter);
  EXPECT_LE(written + reports, LogLimiter::kLinesSaved + 60 * LogLimiter::kLinesPerSecond);
}

// The stderr output of two thousand lines at once.
std::string written_of_a_flood() {
  const auto before = spdlog::default_logger();
  testing::internal::CaptureStderr();
  set_up_log();
  for (int i = 0; i < 2000; ++i) spdlog::info("line {}", i);
  spdlog::error("an error with\na line break");
  auto text = testing::internal::GetCapturedStderr();
  spdlog::set_default_logger(before);
  return text;
}

TEST(Log, is_bounded_and_keeps_errors_and_its_lines_apart) {
  const auto left_out = lines_left_out();
  const auto text = written_of_a_flood();
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
  EXPECT_EQ(lines_left_out() - left_out, 2001 - lines) << "none is counted twice or not at all";
  EXPECT_GT(lines, LogLimiter::kLinesSaved);
  EXPECT_LT(lines, LogLimiter::kLinesSaved + 10 * LogLimiter::kLinesPerSecond);
  EXPECT_NE(text.find(" info line 0\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with(" error an error with\\x0aa line break\n")) << text.substr(text.size() - 100);
}

std::string read_some(int fd) {
  std::array<char, 8192> bytes{};
  const auto count = read(fd, bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

// A pipe, and a stream socket like the journal's.
TEST(LineWriter, loses_whole_lines_where_nobody_reads) {
  for (const bool as_socket : {false, true}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(as_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) : pipe(ends.data()), 0);
    LineWriter writer(ends[1]);
    const std::string line = std::string(99, 'x') + "\n";
    std::size_t written = 0;
    while (writer.write(line)) ++written;
    EXPECT_GT(written, 100U);
    EXPECT_FALSE(writer.write(line)) << "it returns";
    EXPECT_EQ(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0) << "the descriptor is others' as well";
    std::string got;
    while (got.size() < written * line.size()) {
      const auto more = read_some(ends[0]);
      if (more.empty()) break;
      got += more;
      if (got.size() > 8192) writer.write("z\n");
    }
    for (std::size_t at = 0; at + 1 < got.size(); at = got.find('\n', at) + 1) {
      const auto end = got.find('\n', at);
      if (end == std::string::npos) break;
      EXPECT_TRUE(end - at == 99 || got.substr(at, end - at) == "z") << "a line in part";
    }
    close(ends[0]);
    close(ends[1]);
  }
}

TEST(LineWriter, cuts_a_line_that_is_too_long) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  LineWriter writer(ends[1]);
  EXPECT_TRUE(writer.write(std::string(10'000, 'x') + "\n"));
  const auto got = read_some(ends[0]);
  EXPECT_EQ(got.size(), LineWriter::kMostBytes);
  EXPECT_EQ(got.back(), '\n');
  close(ends[0]);
  close(ends[1]);
}

TEST(LogLimiter, reports_what_could_not_be_written) {
  LogLimiter limiter;
  EXPECT_TRUE(limiter.take(false, start));
  limiter.lose(start);
  EXPECT_EQ(limiter.take_report(start + LogLimiter::kReportAfter), 1U);
}

TEST(Journal, is_known_by_device_and_inode) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  struct stat status {};
  ASSERT_EQ(fstat(ends[1], &status), 0);
  const auto named = fmt::format("{}:{}", status.st_dev, status.st_ino);
  EXPECT_TRUE(is_journal(named.c_str(), ends[1]));
  EXPECT_FALSE(is_journal(named.c_str(), -1));
  EXPECT_FALSE(is_journal(nullptr, ends[1]));
  for (const auto& other : {named + "0", named + ":1", std::string{}, std::string{"x"}, std::string{"1:"}}) {
    EXPECT_FALSE(is_journal(other.c_str(), ends[1])) << other;
  }
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace arpline
