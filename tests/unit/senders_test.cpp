// SPDX-License-Identifier: Apache-2.0
#include "report/status.hpp"

#include <gtest/gtest.h>

#include "report/text.hpp"

namespace arpline {
namespace {

SenderStatus sender(Mac mac, std::uint64_t requests, std::uint64_t replies, std::uint64_t announcements) {
  return {.mac = mac,
          .netns = "web",
          .interface = "mv0",
          .counters = {.requests = requests, .replies = replies, .announcements = announcements}};
}

TEST(Senders, the_busiest_comes_first_whatever_it_sends) {
  std::vector<SenderStatus> all{sender(1, 5, 0, 0), sender(2, 0, 0, 7), sender(3, 2, 2, 2)};
  sort_busiest_first(all);
  EXPECT_EQ(all[0].mac, 2U);
  EXPECT_EQ(all[1].mac, 3U);
  EXPECT_EQ(all[2].mac, 1U);
}

TEST(Senders, whose_owner_nobody_knows_have_no_place) {
  auto unknown = sender(1, 5, 0, 0);
  unknown.netns = unknown.interface = "";
  ParentStatus parent{.parent = "nic0"};
  parent.senders = {unknown};
  const auto all = to_json(parent)["senders"];
  EXPECT_TRUE(all[0]["namespace"].is_null() && all[0]["interface"].is_null());
  const auto text = senders_to_text({parent});
  EXPECT_NE(text.find("01:00:00:00:00:00  -          -          5"), std::string::npos) << text;
}

}  // namespace
}  // namespace arpline
