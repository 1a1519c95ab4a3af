// SPDX-License-Identifier: Apache-2.0
#include "base/foreign_text.hpp"

#include <fmt/ostream.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

#include "control/log.hpp"

namespace arpline {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& text) {
  out << text;
};
template <class T>
concept Addable = requires(std::string to, const T& text) {
  to + text;
};
template <class T>
concept Appendable = requires(std::string to, const T& text) {
  to += text;
};

// Code that forgets visible() does not compile.
static_assert(!fmt::is_formattable<ForeignText>::value && fmt::is_formattable<std::string>::value);
static_assert(!Printable<ForeignText> && Printable<std::string>);
static_assert(!Addable<ForeignText> && Addable<std::string>);
static_assert(!Appendable<ForeignText> && Appendable<std::string>);
static_assert(!std::is_convertible_v<ForeignText, std::string>);
static_assert(!std::is_convertible_v<ForeignText, std::string_view>);
static_assert(!std::is_constructible_v<nlohmann::json, ForeignText>);
static_assert(!std::is_constructible_v<nlohmann::ordered_json, ForeignText>);

struct Row {
  const char* what;
  std::string bytes;
  std::string visible;
};

const std::vector<Row> kRows{
    {"an ordinary name", "web-1.eth0_@+", "web-1.eth0_@+"},
    {"quotes and blanks stay", "a 'b' \"c\" $(id>pwn);", "a 'b' \"c\" $(id>pwn);"},
    {"a backslash is two", "a\\b\\x1b", "a\\\\b\\\\x1b"},
    {"ESC, BEL and line breaks", "\x1b[31m\a\r\n\t", "\\x1b[31m\\x07\\x0d\\x0a\\x09"},
    {"NUL", std::string{"a\0b", 3}, "a\\x00b"},
    {"DEL", "\x7f", "\\x7f"},
    {"C1 as bytes", "\x80\x9b\x9f", "\\x80\\x9b\\x9f"},
    {"C1 as UTF-8", "\xc2\x80\xc2\x9b\xc2\x9f", "\\u0080\\u009b\\u009f"},
    {"letters beyond ASCII", "b\xc3\xbcro \xe6\x97\xa5", "b\\u00fcro \\u65e5"},
    {"an emoji", "\xf0\x9f\x98\x80", "\\U0001f600"},
    {"bidi controls", "\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", "\\u202e\\u2066\\u200f\\u061c"},
    {"zero width", "\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf\xe2\x81\xa0", "\\u200b\\u200d\\ufeff\\u2060"},
    {"separators", "\xe2\x80\xa8\xe2\x80\xa9\xc2\x85", "\\u2028\\u2029\\u0085"},
    {"tag characters", "\xf3\xa0\x81\x81", "\\U000e0041"},
    {"a stray byte of a sequence", "\xbf", "\\xbf"},
    {"a sequence cut short", "\xe2\x80", "\\xe2\\x80"},
    {"one cut short by a letter", "\xe2\x80x", "\\xe2\\x80x"},
    {"an overlong slash", "\xc0\xaf", "\\xc0\\xaf"},
    {"an overlong NUL of three bytes", "\xe0\x80\x80", "\\xe0\\x80\\x80"},
    {"an overlong one of four", "\xf0\x82\x82\xac", "\\xf0\\x82\\x82\\xac"},
    {"a surrogate", "\xed\xa0\x80\xed\xbf\xbf", "\\xed\\xa0\\x80\\xed\\xbf\\xbf"},
    {"the last code point", "\xf4\x8f\xbf\xbf", "\\U0010ffff"},
    {"one beyond it", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"bytes that never occur", "\xf8\x88\x80\x80\x80\xff", "\\xf8\\x88\\x80\\x80\\x80\\xff"},
};

bool is_printable_ascii(const std::string& text) {
  for (const char c : text)
    if (c < ' ' || c > '~') return false;
  return true;
}

TEST(ForeignText, is_written_visibly) {
  for (const auto& row : kRows) EXPECT_EQ(visible(row.bytes), row.visible) << row.what;
}

TEST(ForeignText, loses_nothing) {
  for (const auto& row : kRows) EXPECT_EQ(from_visible(row.visible).raw(), row.bytes) << row.what;
}

TEST(ForeignText, no_two_bytes_look_the_same_and_none_is_printed_as_it_is) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes{static_cast<char>(first), static_cast<char>(second)};
      const auto text = visible(bytes);
      ASSERT_TRUE(is_printable_ascii(text)) << first << ' ' << second;
      ASSERT_EQ(from_visible(text).raw(), bytes) << text;
      ASSERT_TRUE(is_printable_ascii(nlohmann::json(text).dump()));
    }
  }
}

TEST(ForeignText, what_is_no_escape_stays_when_read_back) {
  for (const auto* text : {"\\", "a\\q", "\\x1", "\\x+1", "\\u12", "\\Uffffffff"})
    EXPECT_EQ(from_visible(text).raw(), text);
}

TEST(ForeignText, printable_lines_keep_their_breaks_and_backslashes) {
  EXPECT_EQ(printable("a\\x1b\nb\x1b\xc2\x9b\x7f\xff\r\n"), "a\\x1b\nb\\x1b\\u009b\\x7f\\xff\\x0d\n");
  for (const auto& row : kRows) {
    EXPECT_EQ(printable(visible(row.bytes)), visible(row.bytes)) << row.what;
    EXPECT_EQ(printable(printable(row.bytes)), printable(row.bytes)) << row.what;
  }
}

TEST(ForeignText, a_visible_line_has_no_break) {
  EXPECT_EQ(visible_line("a\\x1b\nb\r\n"), "a\\x1b\\x0ab\\x0d\\x0a");
  EXPECT_EQ(visible_line("nic0: found\n<3>forged \xe2\x80\xae"), "nic0: found\\x0a<3>forged \\u202e");
}

}  // namespace
}  // namespace arpline
