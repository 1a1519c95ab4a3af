// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace arpline {

/// A name from a container, a runtime, a capture, the wire or a file: it may hold any bytes. The type keeps it
/// from being formatted, printed or put into JSON unescaped: visible() makes text for people and programs,
/// Command (base/command.hpp) text that root pastes into a shell.
class ForeignText {
 public:
  ForeignText() = default;
  // Implicit, because escaping trusted text does no harm; there is no implicit conversion back.
  ForeignText(std::string bytes) : bytes_(std::move(bytes)) {}
  ForeignText(std::string_view bytes) : bytes_(bytes) {}
  ForeignText(const char* bytes) : bytes_(bytes) {}

  /// The bytes themselves, for comparisons, lookups and system calls only.
  const std::string& raw() const noexcept { return bytes_; }
  bool empty() const noexcept { return bytes_.empty(); }

  friend bool operator==(const ForeignText&, const ForeignText&) = default;
  friend auto operator<=>(const ForeignText&, const ForeignText&) = default;

 private:
  std::string bytes_;
};

/// The form for terminals, the log and JSON. Printable ASCII stays, a backslash is doubled; another code point
/// becomes \uXXXX or \UXXXXXXXX; a control character below 0x80 and a byte that is no UTF-8 become \xXX.
/// Different texts have different forms.
std::string visible(const ForeignText& text);

/// The inverse of visible(). A backslash that begins no escape is kept.
ForeignText from_visible(std::string_view text);

/// The last safeguard for finished lines: escapes all but printable ASCII and line breaks as visible() does,
/// and keeps backslashes, which may begin escapes. Idempotent.
std::string printable(std::string_view lines);

/// As printable(), for a text that is one line: line breaks are escaped too.
std::string visible_line(std::string_view line);

}  // namespace arpline
