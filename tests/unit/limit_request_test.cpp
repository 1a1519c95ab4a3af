// SPDX-License-Identifier: Apache-2.0
#include "control/limit_request.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "report/status.hpp"

namespace arpline {
namespace {

using nlohmann::json;

struct LimitRequestTest : testing::Test {
  LimitRequestTest() {
    file.set(*find_limit("to_child"), 7);
    now = file;
  }

  // Handles one request after the other, as the daemon does.
  void ask(const json& request) { now = changed_limits(request, file, now); }

  std::string refusal(const json& request) const {
    try {
      changed_limits(request, file, now);
    } catch (const SetupError& error) {
      return error.what();
    }
    return "accepted";
  }

  json entry(const std::string& name) const {
    const auto answer = to_json(LimitAnswer{.limits = limit_status(file, now, fit)});
    for (const auto& one : answer["limits"])
      if (one["name"] == name) return one;
    return nullptr;
  }

  Limits file;
  Limits now;
  NeighbourFit fit;
};

TEST_F(LimitRequestTest, without_a_name_or_a_value_nothing_changes) {
  ask({{"cmd", "limit"}});
  ask({{"cmd", "limit"}, {"name", "foreign"}});
  EXPECT_EQ(now, file);
}

TEST_F(LimitRequestTest, a_value_is_a_number_or_a_word) {
  ask({{"name", "foreign"}, {"value", 10}});
  EXPECT_EQ(now.rate(*find_limit("foreign")), 10U);
  ask({{"name", "foreign"}, {"value", "20"}});
  EXPECT_EQ(now.rate(*find_limit("foreign")), 20U);
  ask({{"name", "foreign"}, {"value", "off"}});
  EXPECT_EQ(now.rate(*find_limit("foreign")), std::nullopt);
}

TEST_F(LimitRequestTest, resetting_one_or_all_puts_back_what_the_file_says) {
  ask({{"name", "to_child"}, {"value", 1000}});
  ask({{"name", "foreign"}, {"value", 10}});
  ask({{"name", "to_child"}, {"reset", true}});
  EXPECT_EQ(now.rate(*find_limit("to_child")), 7U);
  EXPECT_EQ(now.rate(*find_limit("foreign")), 10U);
  ask({{"reset", true}});
  EXPECT_EQ(now, file);
}

TEST_F(LimitRequestTest, a_wrong_name_is_refused_with_all_that_there_are) {
  const auto said = refusal({{"name", "to_chidl"}, {"value", 1}});
  EXPECT_EQ(said, "there is no limit to_chidl; there are " + limit_names());
  EXPECT_NE(refusal({{"name", 5}, {"value", 1}}), "accepted");
  EXPECT_EQ(refusal({{"value", 1}}), "which limit? There are " + limit_names());
}

TEST_F(LimitRequestTest, a_wrong_value_is_refused_with_what_is_possible) {
  for (const json& value :
       {json(-1), json("off"), json(""), json("x"), json(nullptr), json(1.5), json::array()})
    EXPECT_EQ(refusal({{"name", "to_child"}, {"value", value}}),
              "to_child: must be 0 to 1000000000 frames a second")
        << value;
  EXPECT_NE(refusal({{"name", "to_child"}, {"value", 1}, {"reset", true}}), "accepted");
}

TEST_F(LimitRequestTest, each_says_where_its_value_comes_from) {
  EXPECT_EQ(entry("to_child")["from"], "file");
  EXPECT_EQ(entry("foreign")["from"], "default");
  EXPECT_TRUE(entry("foreign")["rate"].is_null());
  EXPECT_EQ(entry("to_child_source")["quarter_of"], "to_child");
  ask({{"name", "to_child"}, {"value", 1000}});
  EXPECT_EQ(entry("to_child")["from"], "set");
  EXPECT_EQ(entry("to_child")["rate"], 1000);
  EXPECT_EQ(entry("to_child_source")["rate"], 250);
  ask({{"name", "to_child_source"}, {"value", 5}});
  EXPECT_TRUE(entry("to_child_source")["quarter_of"].is_null());
  EXPECT_EQ(entry("to_child_source")["from"], "set");
}

TEST_F(LimitRequestTest, what_the_neighbour_table_has_no_room_for_is_shown_beside_what_is_asked_for) {
  ask({{"name", "to_child"}, {"value", 100}});
  EXPECT_EQ(entry("to_child")["in_force"], 100);
  fit = {.asked = 1700, .room = 384};
  EXPECT_EQ(entry("to_child")["rate"], 100);
  EXPECT_EQ(entry("to_child")["in_force"], 22.6);
  EXPECT_EQ(entry("to_child_source")["in_force"], 5.6);
  EXPECT_EQ(entry("events")["in_force"], 100) << "it makes no neighbours";
  EXPECT_TRUE(entry("foreign")["in_force"].is_null());
}

TEST_F(LimitRequestTest, the_log_has_a_line_for_each_that_is_different_now) {
  const auto before = now;
  ask({{"name", "to_child"}, {"value", 100}});
  ask({{"name", "foreign"}, {"value", 10}});
  EXPECT_EQ(differences(before, now), (std::vector<std::string>{"limit to_child is 100 now, it was 7",
                                                                "limit to_child_source is 25 now, it was 2",
                                                                "limit foreign is 10 now, it was off"}));
  EXPECT_TRUE(differences(now, now).empty());
}

}  // namespace
}  // namespace arpline
