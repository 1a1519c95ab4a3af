// SPDX-License-Identifier: Apache-2.0
#include "base/command.hpp"

#include <algorithm>
#include <iterator>

namespace arpline {
namespace {

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

// Characters that no shell treats specially at any place in a word.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"_-./:@%+,"}.find(c) != std::string_view::npos;
}

std::string quoted(std::string_view text) {
  std::string out{"'"};
  for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

// POSIX printf reads octal escapes only. '!' is escaped because interactive shells expand it here too, '%' and
// '-' because printf reads formats and options.
std::string printf_substitution(std::string_view text) {
  std::string out{"\"$(printf '"};
  for (const char c : text) {
    if (is_plain(c) && c != '%' && c != '-')
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\{:03o}", static_cast<unsigned char>(c));
  }
  return out + "')\"";
}

}  // namespace

std::string shell_word(const ForeignText& text) {
  const auto& bytes = text.raw();
  if (!bytes.empty() && std::ranges::all_of(bytes, is_plain)) return bytes;
  return std::ranges::all_of(bytes, is_printable) ? quoted(bytes) : printf_substitution(bytes);
}

Command then(const Command& first, const Command& second) {
  if (first.empty() || second.empty()) return first.empty() ? second : first;
  return Command{"{} && {}", first, second};
}

bool is_typeable(const ForeignText& text) {
  return !text.raw().ends_with('\n') && text.raw().find('\0') == std::string::npos;
}

}  // namespace arpline
