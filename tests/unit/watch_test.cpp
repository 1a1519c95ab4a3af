// SPDX-License-Identifier: Apache-2.0
// `arpline watch`: its lines, and what goes over the control socket for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "arpline/watch/options.hpp"
#include "arpline/watch/text.hpp"
#include "base/error.hpp"
#include "report/status.hpp"

namespace arpline::watch {
namespace {

WatchedFrame who_has() {
  return {.parent = "eth1",
          .side = "wire",
          .verdict = "reflect",
          .operation = 1,
          .source = *mac_from_text("02:b0:00:00:00:01"),
          .sender_mac = *mac_from_text("02:b0:00:00:00:01"),
          .sender = *ipv4_from_text("10.0.0.1"),
          .target = *ipv4_from_text("10.0.0.5"),
          .target_container = "docker web",
          .frame_bytes = 60};
}

std::string rest_of(const std::string& line) {
  return line.substr(std::strlen("00:00:00.000 "));
}

TEST(WatchLine, says_who_asks_for_whom_and_what_was_made_of_it) {
  EXPECT_EQ(rest_of(line_of(who_has(), false, 0)),
            "wire reflect: 02:b0:00:00:00:01 10.0.0.1 asks for 10.0.0.5 (docker web)");
  EXPECT_EQ(rest_of(line_of(who_has(), true, 0)).substr(0, 5), "eth1 ") << "where several are watched";
}

TEST(WatchLine, has_a_word_for_each_kind_of_frame) {
  auto frame = who_has();
  frame.vlan = 7;
  EXPECT_TRUE(says(frame).ends_with("asks for 10.0.0.5 (docker web), vlan 7"));
  frame.sender = 0;
  EXPECT_TRUE(says(frame).starts_with("02:b0:00:00:00:01 probes for 10.0.0.5"));
  frame.operation = 2;
  frame.sender = *ipv4_from_text("10.0.0.1");
  EXPECT_NE(says(frame).find(" answers 10.0.0.5"), std::string::npos);
  frame.operation = 9;
  EXPECT_NE(says(frame).find(" sends operation 9 to 10.0.0.5"), std::string::npos);
  frame.target = frame.sender;
  EXPECT_NE(says(frame).find(" announces itself"), std::string::npos);
  frame.readable = false;
  EXPECT_EQ(says(frame), "02:b0:00:00:00:01 sends what cannot be read");
}

TEST(WatchLine, explains_what_is_not_ordinary_and_nothing_else) {
  auto frame = who_has();
  EXPECT_EQ(meaning(frame), "");
  frame.verdict = "would_odd_limited";
  EXPECT_NE(meaning(frame).find("above limits.odd"), std::string::npos) << "also in observe";
  frame.claims = true;
  frame.claimed_of = "db";
  EXPECT_EQ(meaning(frame), "a claim of an endpoint's address");
  EXPECT_NE(says(frame).find(" and claims 10.0.0.1 of db"), std::string::npos);
  frame.verdict = "claim_dropped";
  EXPECT_NE(meaning(frame).find("does not leave"), std::string::npos);
}

TEST(WatchLine, is_cut_where_the_terminal_ends) {
  const auto line = line_of(who_has(), false, 40);
  EXPECT_EQ(line.size(), 40U);
  EXPECT_TRUE(line.ends_with("..."));
  EXPECT_EQ(line_of(who_has(), false, 1000), line_of(who_has(), false, 0));
}

TEST(WatchLine, holds_no_byte_that_a_container_chose_for_the_terminal) {
  auto frame = who_has();
  frame.target_container = "\x1b[2J\nforged\xff";
  for (const auto& text : {line_of(frame, true, 0), comment_of(frame), to_json(frame).dump(-1, ' ', true)})
    EXPECT_TRUE(std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c <= '~'; })) << text;
}

TEST(WatchedFrame, comes_back_from_its_json) {
  auto frame = who_has();
  frame.claims = true;
  frame.claimed_of = "a\nb";
  frame.bytes = "ffffffffffff";
  const auto back = from_json<WatchedFrame>(to_json(frame));
  EXPECT_EQ(line_of(back, true, 0), line_of(frame, true, 0));
  EXPECT_EQ(back.claimed_of, frame.claimed_of);
  EXPECT_EQ(back.bytes, frame.bytes);
}

TEST(WatchedFrame, is_the_record_of_the_programs) {
  arpl_watched_frame record{};
  record.about = {.time_ns = 5,
                  .sender_ip = *ipv4_from_text("10.0.0.1"),
                  .frame_bytes = 60,
                  .bytes = 2,
                  .side = ARPL_SIDE_CONTAINER,
                  .outcome = ARPL_OUTCOME_SENT + ARPL_SENT_CONFIRMS};
  record.bytes[0] = 0x02;
  record.bytes[1] = 0xff;
  const auto frame = watched_frame(record, 10);
  EXPECT_EQ(frame.time_ns, 15U);
  EXPECT_EQ(frame.side, "container");
  EXPECT_EQ(frame.verdict, "confirms");
  EXPECT_EQ(frame.bytes, "02ff");
  EXPECT_FALSE(frame.readable);
}

TEST(Outcomes, have_names_that_filters_know) {
  const auto names = outcome_names();
  EXPECT_NE(std::ranges::find(names, "would_reflect"), names.end());
  std::uint64_t all = 0;
  for (const auto& name : names) {
    const auto bits = outcome_bits({name});
    EXPECT_EQ(bits & (bits - 1), 0U) << name;
    EXPECT_EQ(all & bits, 0U) << name;
    all |= bits;
  }
  EXPECT_EQ(outcome_bits({}), ~std::uint64_t{0});
  EXPECT_EQ(outcome_bits({"reflect", "claim"}), outcome_bits({"reflect"}) | outcome_bits({"claim"}));
  EXPECT_THROW(outcome_bits({"unknown"}), SetupError);
  EXPECT_THROW(outcome_bits({"self_test"}), SetupError);
}

class WatchOptions : public ::testing::Test {
 protected:
  bool takes(std::vector<std::string> words) {
    CLI::App app{"", "arpline"};
    request_ = {};
    add_command(app, request_);
    words.insert(words.begin(), "watch");
    std::ranges::reverse(words);
    try {
      app.parse(std::move(words));
      return true;
    } catch (const CLI::ParseError&) {
      return false;
    }
  }
  Request request_;
};

TEST_F(WatchOptions, are_checked) {
  EXPECT_TRUE(takes({"--from", "02:00:00:00:00:01", "--endpoint", "10.0.0.1", "--verdict", "reflect"}));
  EXPECT_TRUE(takes({"--from", "10.0.0.1"}));
  EXPECT_FALSE(takes({"--from", "web"}));
  EXPECT_FALSE(takes({"--endpoint", "10.0.0.300"}));
  EXPECT_FALSE(takes({"--verdict", "self_test"}));
  EXPECT_FALSE(takes({"--count", "0"}));
  EXPECT_FALSE(takes({"--count", "-3"})) << "no wrapped number";
}

TEST_F(WatchOptions, take_a_time_with_its_unit) {
  EXPECT_TRUE(takes({"--for", "1.5m"}));
  EXPECT_EQ(request_.seconds, 90.0);
  EXPECT_TRUE(takes({"--for", "2"}));
  EXPECT_EQ(request_.seconds, 2.0);
  for (const auto* wrong : {"0", "-1", "nan", "inf", "5d", "", "s"})
    EXPECT_FALSE(takes({"--for", wrong})) << wrong;
}

}  // namespace
}  // namespace arpline::watch
