// SPDX-License-Identifier: Apache-2.0
#include "control/log.hpp"

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/syslog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

namespace arpline {
namespace {

bool take_one(__u64& word, std::uint64_t now, std::uint64_t per_second, std::uint64_t saved) {
  constexpr std::uint64_t kSecondNs = 1'000'000'000;
  const auto interval = kSecondNs / per_second;
  return arpl_bucket_take(&word, now, {interval, saved * interval}) != 0;
}

int priority_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return LOG_CRIT;
    case spdlog::level::err:
      return LOG_ERR;
    case spdlog::level::warn:
      return LOG_WARNING;
    case spdlog::level::info:
      return LOG_INFO;
    default:
      return LOG_DEBUG;
  }
}

class BoundedSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit BoundedSink(bool journal) : journal_(journal) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto now = now_ns();
    report(now);
    if (limiter_.take(message.level >= spdlog::level::err, now)) write(message);
  }

  void flush_() override { report(now_ns()); }

  void report(std::uint64_t now) {
    const auto left_out = limiter_.take_report(now);
    if (left_out == 0) return;
    const auto text = fmt::format("{} lines left out", left_out);
    write(spdlog::details::log_msg({}, spdlog::level::warn, text));
  }

  // One write a line. Names of containers' things may hold any byte: a line break would forge a line.
  void write(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    if (journal_) fmt::format_to(std::back_inserter(line), "<{}>", priority_of(message.level));
    formatter_->format(message, line);
    std::replace_if(
        line.begin(), line.end() - 1, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

  bool journal_;
  LogLimiter limiter_;
};

}  // namespace

bool LogLimiter::take(bool error, std::uint64_t now) noexcept {
  if (error ? take_one(errors_, now, kErrorsPerSecond, kErrorsSaved)
            : take_one(lines_, now, kLinesPerSecond, kLinesSaved)) {
    return true;
  }
  if (left_out_++ == 0) since_ = now;
  return false;
}

std::uint64_t LogLimiter::take_report(std::uint64_t now) noexcept {
  if (left_out_ == 0 || now - since_ < kReportAfterNs) return 0;
  if (!take_one(lines_, now, kLinesPerSecond, kLinesSaved)) return 0;
  return std::exchange(left_out_, 0);
}

bool is_journal(const char* journal_stream, int fd) noexcept {
  unsigned long long device = 0;
  unsigned long long inode = 0;
  char rest = 0;
  struct stat status {};
  return journal_stream != nullptr && sscanf(journal_stream, "%llu:%llu%c", &device, &inode, &rest) == 2 &&
         fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

bool stderr_is_journal() noexcept {
  return is_journal(std::getenv("JOURNAL_STREAM"), fileno(stderr));
}

void set_up_log() {
  const bool journal = stderr_is_journal();
  auto logger = std::make_shared<spdlog::logger>("arplined", std::make_shared<BoundedSink>(journal));
  logger->set_pattern(journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_default_logger(std::move(logger));
}

void tick_log() {
  spdlog::default_logger_raw()->flush();
}

void log_fatal(const std::string& line) {
  fmt::print(stderr, "{}arplined: {}\n", stderr_is_journal() ? fmt::format("<{}>", LOG_ERR) : "", line);
}

}  // namespace arpline
