// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/foreign_text.hpp"

namespace arpline {

/// `text` as one word of a POSIX shell, in printable ASCII. Bytes that quotes can't hold are written as a
/// printf substitution, which loses NULs and trailing line breaks: see is_typeable().
std::string shell_word(const ForeignText& text);

/// Whether the shell reads the same bytes from shell_word()'s result.
bool is_typeable(const ForeignText& text);

/// A command line for root to paste. Names in it come from containers, so every argument is quoted as one shell
/// word; only numbers and other commands are inserted unquoted.
class Command {
 public:
  Command() = default;

  static std::string word(const ForeignText& text) { return shell_word(text); }
  static const std::string& word(const Command& command) noexcept { return command.text_; }
  template <std::integral T>
  static T word(T number) noexcept {
    return number;
  }

  template <class... Args>
  using Pattern = fmt::format_string<decltype(word(std::declval<const Args&>()))...>;

  /// The pattern is a literal with {} for each argument.
  template <class... Args>
  explicit Command(Pattern<std::type_identity_t<Args>...> pattern, const Args&... args)
      : text_(format(pattern, word(args)...)) {}

  /// The command line, in printable ASCII.
  const std::string& text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

  friend bool operator==(const Command&, const Command&) = default;

 private:
  template <class... Words>
  static std::string format(fmt::string_view pattern, const Words&... words) {
    return fmt::vformat(pattern, fmt::make_format_args(words...));
  }

  std::string text_;
};

/// "FIRST && SECOND"; an empty command is left out.
Command then(const Command& first, const Command& second);

}  // namespace arpline
