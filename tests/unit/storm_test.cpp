// SPDX-License-Identifier: Apache-2.0
// The frames that no storm limit may drop, by their bytes, and the daemon's part of these limits.
#include "shared/storm.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include "control/limits.hpp"
#include "kernel/groups.hpp"
#include "packet/storm_frames.hpp"
#include "report/status.hpp"

namespace arpline {
namespace {

using packet::Bytes;

// The ethertype that the limits see, host order; -1: no limit applies.
std::int32_t look(const Bytes& frame, std::size_t bytes) {
  // A heap block of exactly this size, so that a sanitizer finds a read beyond it.
  const auto exact = std::make_unique<std::uint8_t[]>(bytes);
  std::copy_n(frame.begin(), bytes, exact.get());
  const auto found = arpl_storm_ethertype(exact.get(), exact.get() + bytes);
  return found < 0 ? -1 : arpl_swap16(static_cast<std::uint16_t>(found));
}

TEST(Storm, only_frames_that_every_host_needs_have_no_limit) {
  for (const auto& row : packet::storm_frames())
    EXPECT_EQ(look(row.frame, row.frame.size()), row.ethertype ? std::int32_t{*row.ethertype} : -1) << row.name;
}

TEST(Storm, a_truncated_frame_is_needed_only_while_its_bytes_say_so) {
  for (const auto& row : packet::storm_frames()) {
    for (std::size_t bytes = 0; bytes < row.frame.size(); ++bytes) {
      const bool needed = bytes < ARPL_ETH_BYTES || (!row.ethertype && bytes >= row.told_by);
      EXPECT_EQ(look(row.frame, bytes) == -1, needed) << row.name << " cut to " << bytes;
    }
  }
}

TEST(Storm, groups_are_those_of_one_interface) {
  std::istringstream text(
      "2    eth0            1     0     333300000001\n"
      "2    eth0            1     0     01005e000001\n"
      "2    tunl0           1     0     e0000001\n"
      "22   eth1            1     0     333300000002\n"
      "2    eth0            x     0\n"
      "garbage\n");
  EXPECT_EQ(parse_groups(text, 2),
            (std::set<Mac>{packet::all_nodes_mac, packet::mac(0x01, 0x00, 0x5e, 0, 0, 1)}));
}

TEST(Storm, no_more_groups_are_read_than_tell_that_they_are_too_many) {
  std::ostringstream lines;
  for (unsigned i = 0; i < ARPL_MAX_GROUPS + 100; ++i) lines << fmt::format("2 eth0 1 0 3333{:08x}\n", i);
  std::istringstream text(lines.str());
  EXPECT_EQ(parse_groups(text, 2).size(), ARPL_MAX_GROUPS + 1);
}

TEST(Storm, limits_have_a_second_saved_up_and_zero_lets_nothing_pass) {
  Config config;
  EXPECT_EQ(limits_for(config, {}, {}, {}).flags & ARPL_LIMIT_STORM, 0U);
  config.storm = {{.kind = ARPL_STORM_BROADCAST, .ethertype = 0x88b5, .per_second = 4},
                  {.kind = ARPL_STORM_MULTICAST, .ethertype = 0, .per_second = 0}};
  EXPECT_NE(limits_for(config, {}, {}, {}).flags & ARPL_LIMIT_STORM, 0U);
  const auto limits = storm_limits_for(config);
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0].first.ethertype, arpl_swap16(0x88b5));
  EXPECT_EQ(limits[0].second.budget.interval_ns, ARPL_SECOND_NS / 4);
  EXPECT_EQ(limits[0].second.budget.burst_ns, ARPL_SECOND_NS);
  EXPECT_LT(limits[1].second.budget.burst_ns, limits[1].second.budget.interval_ns);
}

TEST(Storm, status_names_limits_as_the_configuration_does) {
  const auto limit = [](std::uint16_t ethertype, arpl_storm_kind kind, std::uint64_t per_second) {
    arpl_storm_limit value{};
    value.per_second = per_second;
    value.passed = per_second + 1;
    value.limited = per_second + 2;
    return std::pair{arpl_storm_key{.ethertype = arpl_swap16(ethertype), .kind = static_cast<__u16>(kind)},
                     value};
  };
  ParentStatus parent;
  parent.storm = storm_status({limit(0, ARPL_STORM_BROADCAST, 1), limit(0x86dd, ARPL_STORM_MULTICAST, 2),
                               limit(0x0800, ARPL_STORM_BROADCAST, 3), limit(0x88b5, ARPL_STORM_BROADCAST, 4)});
  const auto json = to_json(parent)["storm"];
  ASSERT_EQ(json.size(), 4U);
  EXPECT_EQ(
      json[0],
      nlohmann::json(
          {{"kind", "broadcast"}, {"ethertype", "ipv4"}, {"per_second", 3}, {"passed", 4}, {"limited", 5}}));
  EXPECT_EQ(json[1]["ethertype"], "0x88b5");
  EXPECT_EQ(json[2]["ethertype"], "other");
  EXPECT_EQ(json[3]["kind"], "multicast");
}

}  // namespace
}  // namespace arpline
