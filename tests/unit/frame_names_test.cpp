// SPDX-License-Identifier: Apache-2.0
#include "control/frame_names.hpp"

#include "on_maps.hpp"

namespace arpline {
namespace {

constexpr Mac web_mac = 0x0100000002;
constexpr Mac db_mac = 0x0200000002;
constexpr Mac later_mac = 0x0300000002;

class FrameNamesTest : public OnMaps {
 protected:
  FrameNamesTest() { children_ = {child(web, 2, web_mac, {"10.0.0.2"}), child(db, 3, db_mac, {"10.0.0.3"})}; }
  void SetUp() override {
    OnMaps::SetUp();
    if (registry_) names_.emplace(*registry_);
  }
  std::optional<FrameNames> names_;
  Instant now_ = Clock::now();
};

TEST_F(FrameNamesTest, are_those_of_the_namespaces) {
  EXPECT_EQ(names_->of_sender(web_mac, ip("10.0.0.2"), 0, now_), "web");
  EXPECT_EQ(names_->of_sender(web_mac, 0, 0, now_), "web") << "a probe has no address";
  EXPECT_EQ(names_->of_sender(db_mac, ip("10.0.0.2"), 0, now_), "db") << "the MAC counts, not what it claims";
  EXPECT_TRUE(names_->of_sender(77, ip("10.0.0.2"), 0, now_).empty()) << "somebody else's claim";
  EXPECT_EQ(names_->of_endpoint(ip("10.0.0.3"), 0), "db");
  EXPECT_TRUE(names_->of_endpoint(ip("10.0.0.3"), 7).empty()) << "in another VLAN";
}

TEST_F(FrameNamesTest, of_new_interfaces_are_known_within_a_second) {
  EXPECT_TRUE(names_->of_sender(later_mac, 0, 0, now_).empty());
  update(web, {child(web, 2, web_mac, {"10.0.0.2"}), child(web, 4, later_mac, {})});
  EXPECT_EQ(names_->of_sender(later_mac, 0, 0, now_ + 1s), "web");
}

TEST_F(FrameNamesTest, are_matched_by_pattern_into_the_numbers_of_the_maps) {
  const auto number = [&](const char* address) { return (*made_).stats()[entry(address)->slot].netns; };
  EXPECT_EQ(names_->matching("we?").netns.front(), number("10.0.0.2"));
  EXPECT_EQ(names_->matching("db").netns.front(), number("10.0.0.3"));
  EXPECT_EQ(names_->matching("*").netns[2], 0U);
  EXPECT_EQ(names_->matching("nobody").netns.front(), 0U);
  EXPECT_FALSE(names_->matching("*").too_many);
}

TEST_F(FrameNamesTest, of_more_namespaces_than_a_filter_holds_are_said_to_be_too_many) {
  for (int i = 0; i < 3; ++i)
    update(10 + i, {child(10 + i, 20 + i, later_mac + static_cast<Mac>(i) * 256, {})});
  EXPECT_TRUE(names_->matching("*").too_many);
  EXPECT_FALSE(names_->matching("web").too_many);
}

}  // namespace
}  // namespace arpline
