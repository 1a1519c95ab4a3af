// SPDX-License-Identifier: Apache-2.0
#include "control/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/foreign_text.hpp"

namespace arpline {
namespace {

bool take_one(TokenBucket& bucket, Instant now, int per_second, int saved) {
  const auto interval = Duration{1s} / per_second;
  return bucket.take(now, {.interval = interval, .burst = saved * interval});
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

// Of the control thread, as the log is.
std::uint64_t& all_left_out() {
  static std::uint64_t lines = 0;
  return lines;
}

class BoundedSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit BoundedSink(bool journal) : journal_(journal), writer_(fileno(stderr)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto now = Clock::now();
    report(now);
    const bool taken = limiter_.take(message.level >= spdlog::level::err, now);
    if (taken && write(message)) return;
    if (taken) limiter_.lose(now);
    ++all_left_out();
  }

  void flush_() override { report(Clock::now()); }

  void report(Instant now) {
    const auto left_out = limiter_.take_report(now);
    if (left_out == 0) return;
    const auto text = fmt::format("{} lines left out", left_out);
    if (write(spdlog::details::log_msg({}, spdlog::level::warn, text))) return;
    for (std::uint64_t i = 0; i < left_out; ++i) limiter_.lose(now);
  }

  // Escapes line breaks that a name or an error's text may contain, because they would forge a line.
  bool write(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    if (journal_) fmt::format_to(std::back_inserter(line), "<{}>", priority_of(message.level));
    formatter_->format(message, line);
    auto text = visible_line({line.data(), line.size() - 1});
    return writer_.write(text += '\n');
  }

  bool journal_;
  LineWriter writer_;
  LogLimiter limiter_;
};

}  // namespace

bool LogLimiter::take(bool error, Instant now) noexcept {
  if (error ? take_one(errors_, now, kErrorsPerSecond, kErrorsSaved)
            : take_one(lines_, now, kLinesPerSecond, kLinesSaved)) {
    return true;
  }
  if (left_out_++ == 0) since_ = now;
  return false;
}

std::uint64_t LogLimiter::take_report(Instant now) noexcept {
  if (left_out_ == 0 || now - since_ < kReportAfter) return 0;
  if (!take_one(lines_, now, kLinesPerSecond, kLinesSaved)) return 0;
  return std::exchange(left_out_, 0);
}

void LogLimiter::lose(Instant now) noexcept {
  if (left_out_++ == 0) since_ = now;
}

LineWriter::LineWriter(int fd) noexcept : fd_(fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return;
  is_socket_ = S_ISSOCK(status.st_mode);
  if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) return;
  const auto path = "/proc/self/fd/" + std::to_string(fd);
  own_ = Fd{open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (own_) fd_ = own_.get();
}

// Without a descriptor of its own, which is non-blocking, it asks poll() for room first.
bool LineWriter::put(std::string_view bytes) noexcept {
  pollfd room{.fd = fd_, .events = POLLOUT, .revents = 0};
  if (!is_socket_ && !own_ && (poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0)) return false;
  const auto count = is_socket_ ? send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                : ::write(fd_, bytes.data(), bytes.size());
  if (count <= 0) return false;
  rest_.assign(bytes.substr(static_cast<std::size_t>(count)));
  return true;
}

bool LineWriter::finish() noexcept {
  const auto rest = std::exchange(rest_, {});
  if (rest.empty()) return true;
  if (!put(rest)) rest_ = rest;
  return rest_.empty();
}

bool LineWriter::write(std::string_view line) noexcept {
  if (!finish()) return false;
  if (line.size() <= kMostBytes) return put(line);
  std::string cut{line.substr(0, kMostBytes - 1)};
  return put(cut += '\n');
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

std::uint64_t lines_left_out() noexcept {
  return all_left_out();
}

void log_fatal(const std::string& line) {
  constexpr int kPatienceMs = 1000;
  pollfd room{.fd = fileno(stderr), .events = POLLOUT, .revents = 0};
  poll(&room, 1, kPatienceMs);
  LineWriter{fileno(stderr)}.write(fmt::format(
      "{}arplined: {}\n", stderr_is_journal() ? fmt::format("<{}>", LOG_ERR) : "", visible_line(line)));
}

}  // namespace arpline
