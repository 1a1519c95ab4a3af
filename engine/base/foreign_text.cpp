// SPDX-License-Identifier: Apache-2.0
#include "base/foreign_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>

namespace arpline {
namespace {

constexpr std::uint32_t kFirstPrintable = 0x20;
constexpr std::uint32_t kFirstBeyondAscii = 0x80;
constexpr std::uint32_t kDelete = 0x7f;
constexpr std::uint32_t kLastOfUnicode = 0x10ffff;
constexpr std::uint32_t kLastOfFourDigits = 0xffff;

// One code point, or one byte that is no part of a valid one.
struct Piece {
  std::uint32_t value = 0;
  std::size_t length = 1;
  bool is_code_point = false;
};

bool is_printable_ascii(std::uint32_t value) {
  return value >= kFirstPrintable && value < kDelete;
}

// A sequence's length and payload bits from its lead byte, and the least value that needs this length. A length
// of 0: no sequence begins with this byte.
struct Lead {
  std::size_t length = 0;
  std::uint32_t bits = 0;
  std::uint32_t least = 0;
};

Lead lead_of(std::uint32_t byte) {
  if (byte < kFirstBeyondAscii) return {.length = 1, .bits = byte, .least = 0};
  if ((byte & 0xe0U) == 0xc0) return {.length = 2, .bits = byte & 0x1fU, .least = 0x80};
  if ((byte & 0xf0U) == 0xe0) return {.length = 3, .bits = byte & 0x0fU, .least = 0x800};
  if ((byte & 0xf8U) == 0xf0) return {.length = 4, .bits = byte & 0x07U, .least = 0x10000};
  return {};
}

bool is_surrogate(std::uint32_t value) {
  return value >= 0xd800 && value <= 0xdfff;
}

// RFC 3629: no overlong form, no surrogate, nothing beyond U+10FFFF. `text` is not empty.
Piece first_piece(std::string_view text) {
  const std::uint32_t byte = static_cast<unsigned char>(text.front());
  const Piece alone{.value = byte};
  const auto lead = lead_of(byte);
  if (lead.length == 0 || lead.length > text.size()) return alone;
  auto value = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const std::uint32_t next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80) return alone;
    value = value << 6U | (next & 0x3fU);
  }
  if (value < lead.least || is_surrogate(value) || value > kLastOfUnicode) return alone;
  return {.value = value, .length = lead.length, .is_code_point = true};
}

void append_escape(std::string& out, const Piece& piece) {
  const auto to = std::back_inserter(out);
  if (!piece.is_code_point || piece.value < kFirstBeyondAscii)
    fmt::format_to(to, "\\x{:02x}", piece.value);
  else if (piece.value <= kLastOfFourDigits)
    fmt::format_to(to, "\\u{:04x}", piece.value);
  else
    fmt::format_to(to, "\\U{:08x}", piece.value);
}

// `keep` appends a piece as it is and returns true, or returns false to have it escaped.
template <class Keep>
std::string escape(std::string_view text, Keep&& keep) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto piece = first_piece(text);
    if (!keep(out, piece)) append_escape(out, piece);
    text.remove_prefix(piece.length);
  }
  return out;
}

void append_utf8(std::string& out, std::uint32_t value) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | (value >> shift & 0x3fU)); };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xc0U | value >> 6U);
    tail(0);
  } else if (value < 0x10000) {
    out += static_cast<char>(0xe0U | value >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0U | value >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::optional<std::uint32_t> hexadecimal(std::string_view text, std::size_t digits) {
  std::uint32_t value = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value, 16);
  if (error != std::errc{} || end != text.data() + digits) return std::nullopt;
  return value;
}

// Appends the meaning of the escape that follows a backslash; returns the escape's length, 0 when it is no
// escape.
std::size_t append_unescaped(std::string& out, std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() == '\\') {
    out += '\\';
    return 1;
  }
  const std::size_t digits = text.front() == 'x' ? 2 : text.front() == 'u' ? 4 : text.front() == 'U' ? 8 : 0;
  const auto value = digits == 0 ? std::nullopt : hexadecimal(text.substr(1), digits);
  if (!value || *value > kLastOfUnicode) return 0;
  if (text.front() == 'x')
    out += static_cast<char>(*value);
  else
    append_utf8(out, *value);
  return 1 + digits;
}

}  // namespace

std::string visible(const ForeignText& text) {
  return escape(text.raw(), [](std::string& out, const Piece& piece) {
    if (!is_printable_ascii(piece.value)) return false;
    if (piece.value == '\\') out += '\\';
    out += static_cast<char>(piece.value);
    return true;
  });
}

ForeignText from_visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto taken = text.front() == '\\' ? append_unescaped(out, text.substr(1)) : 0;
    if (taken == 0) out += text.front();
    text.remove_prefix(1 + taken);
  }
  return out;
}

std::string visible_line(std::string_view line) {
  return escape(line, [](std::string& out, const Piece& piece) {
    if (!is_printable_ascii(piece.value)) return false;
    out += static_cast<char>(piece.value);
    return true;
  });
}

std::string printable(std::string_view lines) {
  std::string out;
  for (auto rest = lines;;) {
    const auto end = rest.find('\n');
    out += visible_line(rest.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    rest.remove_prefix(end + 1);
  }
}

}  // namespace arpline
