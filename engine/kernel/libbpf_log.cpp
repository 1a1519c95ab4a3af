// SPDX-License-Identifier: Apache-2.0
#include "kernel/libbpf_log.hpp"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace arpline {
namespace {

std::string& last_line() {
  static thread_local std::string line;
  return line;
}

// For a refused program libbpf prints the verifier's log as one text of up to 16 MiB; its last line has the
// reason.
void keep_last_line(const char* text) {
  std::string whole = text;
  while (!whole.empty() && whole.back() == '\n') whole.pop_back();
  const auto end = whole.rfind('\n');
  last_line() = end == std::string::npos ? whole : whole.substr(end + 1);
}

int keep(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char* text = nullptr;
  const int length = vasprintf(&text, format, arguments);
  if (length < 0) return 0;
  const std::unique_ptr<char, decltype(&std::free)> owned{text, &std::free};
  keep_last_line(text);
  return length;
}

int keep_and_print(libbpf_print_level level, const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  if (level != LIBBPF_DEBUG) std::vfprintf(stderr, format, again);
  va_end(again);
  return keep(level, format, arguments);
}

}  // namespace

void keep_libbpf_log(bool verbose) {
  libbpf_set_print(verbose ? keep_and_print : keep);
}

const std::string& last_libbpf_line() {
  return last_line();
}

void forget_libbpf_line() {
  last_line().clear();
}

}  // namespace arpline
