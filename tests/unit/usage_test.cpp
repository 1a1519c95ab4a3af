// SPDX-License-Identifier: Apache-2.0
#include "arpline/usage.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace arpline {
namespace {

using Words = std::vector<std::string>;

// An application with two commands, and what its usage errors say.
class Usage : public ::testing::Test {
 protected:
  Usage() {
    app_.fallthrough();
    app_.add_option("--root", root_);
    app_.require_subcommand(1);
    auto* status = app_.add_subcommand("status");
    status->add_option("--parent", parent_);
    status->add_flag("--json", json_);
    app_.add_subcommand("doctor")->add_option("ENDPOINT", endpoint_);
  }

  std::string said_of(const Words& words) {
    auto turned = command_first(app_, words);
    std::ranges::reverse(turned);
    try {
      app_.parse(std::move(turned));
      return {};
    } catch (const CLI::ParseError& error) {
      return usage_text(app_, error);
    }
  }

  CLI::App app_{"", "tool"};
  std::string root_, parent_, endpoint_;
  bool json_ = false;
};

TEST_F(Usage, options_stand_before_or_after_the_command) {
  for (const auto& words :
       {Words{"--json", "status", "--root", "/x"}, Words{"--root", "/x", "status", "--json"},
        Words{"--root=/x", "--json", "status"}}) {
    json_ = false;
    root_.clear();
    EXPECT_EQ(said_of(words), "");
    EXPECT_TRUE(json_);
    EXPECT_EQ(root_, "/x");
  }
}

TEST_F(Usage, value_of_an_option_is_no_command) {
  EXPECT_EQ(said_of({"--parent", "doctor", "status"}), "");
  EXPECT_EQ(parent_, "doctor");
}

TEST_F(Usage, argument_that_is_named_like_a_command_stays_one) {
  EXPECT_EQ(said_of({"doctor", "status"}), "");
  EXPECT_EQ(endpoint_, "status");
}

TEST_F(Usage, mistyped_command_is_told_with_the_one_that_was_meant) {
  EXPECT_EQ(said_of({"stauts"}), "stauts: no such command, did you mean status? See --help");
  EXPECT_EQ(said_of({"--json", "stauts"}), "stauts: no such command, did you mean status? See --help");
  EXPECT_EQ(said_of({"frobnicate"}), "frobnicate: no such command; see --help");
}

TEST_F(Usage, mistyped_option_is_told_with_the_one_that_was_meant) {
  EXPECT_EQ(said_of({"status", "--jsno"}),
            "--jsno: no such option of status, did you mean --json? See arpline status --help");
  EXPECT_EQ(said_of({"status", "--rot", "x"}),
            "--rot: no such option of status, did you mean --root? See arpline status --help");
}

TEST_F(Usage, surplus_words_are_told_in_the_order_of_the_command_line) {
  EXPECT_EQ(said_of({"status", "one", "two"}),
            "status takes no further words: one two; see arpline status --help");
}

TEST_F(Usage, missing_command_is_told) {
  EXPECT_NE(said_of({}).find("subcommand is required"), std::string::npos);
}

}  // namespace
}  // namespace arpline
