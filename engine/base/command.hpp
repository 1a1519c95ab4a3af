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

/// `text` as one word of a POSIX shell, in printable ASCII. What no quotes can hold is made by printf, which
/// can't give back line breaks at the end: is_typeable().
std::string shell_word(const ForeignText& text);

/// Whether shell_word() gives back the same bytes.
bool is_typeable(const ForeignText& text);

/// A command line for root to paste. Every argument becomes one shell word, whoever chose it; only numbers and
/// other commands stay as they are.
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

  /// The pattern is a literal: {} for each argument.
  template <class... Args>
  explicit Command(Pattern<std::type_identity_t<Args>...> pattern, const Args&... args)
      : text_(format(pattern, word(args)...)) {}

  /// Printable ASCII, as it is to be pasted.
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

/// "FIRST && SECOND"; what is empty counts for nothing.
Command then(const Command& first, const Command& second);

}  // namespace arpline
