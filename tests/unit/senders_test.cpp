// SPDX-License-Identifier: Apache-2.0
#include "report/senders.hpp"

#include <gtest/gtest.h>

namespace arpline {
namespace {

Sender sender(Mac mac, std::uint64_t requests, std::uint64_t replies, std::uint64_t announcements) {
  return {.mac = mac,
          .netns = "web",
          .interface = "mv0",
          .sent = {.host = 0,
                   .shared = 0,
                   .netns = 0,
                   .requests = requests,
                   .replies = replies,
                   .announcements = announcements,
                   .claims = 0}};
}

TEST(Senders, the_busiest_comes_first_whatever_it_sends) {
  const auto all = senders_to_json({sender(1, 5, 0, 0), sender(2, 0, 0, 7), sender(3, 2, 2, 2)});
  EXPECT_EQ(all[0]["mac"], format_mac(2));
  EXPECT_EQ(all[1]["mac"], format_mac(3));
  EXPECT_EQ(all[2]["mac"], format_mac(1));
}

TEST(Senders, whose_owner_nobody_knows_have_no_place) {
  auto unknown = sender(1, 5, 0, 0);
  unknown.netns = unknown.interface = "";
  const auto all = senders_to_json({unknown});
  EXPECT_TRUE(all[0]["namespace"].is_null() && all[0]["interface"].is_null());
  const auto text = senders_to_text({{"parents", {{{"parent", "nic0"}, {"senders", all}}}}});
  EXPECT_NE(text.find("01:00:00:00:00:00  -          -          5"), std::string::npos) << text;
}

}  // namespace
}  // namespace arpline
