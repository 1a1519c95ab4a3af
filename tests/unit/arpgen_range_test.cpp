// SPDX-License-Identifier: Apache-2.0
#include "arpgen/range.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"

namespace arpline::gen {
namespace {

TEST(ArpgenRange, reads_one_address) {
  EXPECT_EQ(parse_range("10.0.0.1"), (Range{0x0a000001, 1}));
  EXPECT_EQ(parse_range("255.255.255.255"), (Range{0xffffffff, 1}));
}

TEST(ArpgenRange, both_ends_belong_to_it) {
  EXPECT_EQ(parse_range("10.0.0.1-10.0.0.9"), (Range{0x0a000001, 9}));
  EXPECT_EQ(parse_range("10.0.0.1-10.0.0.1"), (Range{0x0a000001, 1}));
  EXPECT_EQ(parse_range("10.0.0.1-10.0.0.9").last(), 0x0a000009U);
}

TEST(ArpgenRange, a_prefix_is_all_of_its_addresses) {
  EXPECT_EQ(parse_range("10.0.0.0/24"), (Range{0x0a000000, 256}));
  EXPECT_EQ(parse_range("10.0.0.7/24"), (Range{0x0a000000, 256})) << "whichever address names it";
  EXPECT_EQ(parse_range("10.0.0.7/32"), (Range{0x0a000007, 1}));
  EXPECT_EQ(parse_range("10.0.0.7/31"), (Range{0x0a000006, 2}));
  EXPECT_EQ(parse_range("128.0.0.0/1"), (Range{0x80000000, 0x80000000}));
}

TEST(ArpgenRange, names_what_it_can_not_read) {
  for (const std::string text : {"", "10.0.0", "10.0.0.256", "10.0.0.1-", "-10.0.0.1", "10.0.0.9-10.0.0.1",
                                 "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/2 4", "10.0.0.0/-1", "/24",
                                 "0.0.0.0/0", "0.0.0.0-255.255.255.255", "host", " 10.0.0.1"}) {
    try {
      parse_range(text);
      ADD_FAILURE() << "\"" << text << "\" was read";
    } catch (const SetupError& error) {
      EXPECT_TRUE(std::string{error.what()}.starts_with(text)) << error.what();
    }
  }
}

TEST(ArpgenRange, writes_what_it_reads) {
  for (const std::string text : {"10.0.0.1", "10.0.0.1-10.0.0.9", "0.0.0.0-255.255.255.254"})
    EXPECT_EQ(format_range(parse_range(text)), text);
}

TEST(ArpgenRange, knows_what_overlaps) {
  const Range range = parse_range("10.0.0.10-10.0.0.20");
  EXPECT_TRUE(range.overlaps(parse_range("10.0.0.20-10.0.0.30")));
  EXPECT_TRUE(range.overlaps(parse_range("10.0.0.0/8")));
  EXPECT_FALSE(range.overlaps(parse_range("10.0.0.21")));
  EXPECT_FALSE(range.overlaps(parse_range("10.0.0.9")));
  EXPECT_FALSE(range.overlaps(parse_range("255.0.0.0/8")));
}

}  // namespace
}  // namespace arpline::gen
