// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace arpline {

/// A word that a container, a runtime, a capture, the wire or a file chose: any bytes at all. It can't be
/// formatted, printed or put into JSON as it is: visible() is for what a person or a program reads, Command
/// (base/command.hpp) for what root pastes into a shell.
class ForeignText {
 public:
  ForeignText() = default;
  // Any text may be taken for a foreign one; the way back is the one that counts.
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

/// The one form for terminals, the log and JSON: printable ASCII stays, but a backslash is doubled; any other
/// code point is \uXXXX or \UXXXXXXXX, a control character below 0x80 and a byte that is no UTF-8 \xXX. Nothing
/// gets lost, and no two texts look the same.
std::string visible(const ForeignText& text);

/// What visible() was made of. A backslash that begins none of its escapes stands for itself.
ForeignText from_visible(std::string_view text);

/// The last look at lines that were put together already, escapes and all: whatever is not printable ASCII or a
/// line break is written as visible() does, and backslashes stay. Twice is the same as once.
std::string printable(std::string_view lines);

}  // namespace arpline
