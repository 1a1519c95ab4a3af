// SPDX-License-Identifier: Apache-2.0
// The parts of a parent that need no kernel: it is a handful of functions, and memory in the place of the maps.
#include <gtest/gtest.h>

#include <vector>

#include "base/error.hpp"
#include "control/egress_health.hpp"
#include "control/fast_path_health.hpp"
#include "control/parent_worker.hpp"
#include "control/program_settings.hpp"
#include "instant.hpp"

namespace arpline {
namespace {

constexpr Duration second = 1s;
constexpr Duration tick = second / 4;

ParentState state_of(const char* kind = "veth") {
  ParentState state;
  state.link = {.ifindex = 7, .name = "nic0", .kind = kind, .mac = 9, .lower = 3, .rx_queues = 1};
  state.parent = {.ifindex = 7, .name = "nic0", .mac = 9, .mtu = 1500};
  return state;
}

// The egress side of a parent: whether our filter is there, whether another one hides it.
struct EgressHealthTest : testing::Test {
  ParentState state = state_of();
  bool up = true;
  bool attached = true;
  bool hidden = false;
  bool refuses = false;
  std::uint64_t passed = 0;
  int sent = 0;
  int put_back = 0;
  __u64 seen_at = 0;
  Instant now = at(100 * second);
  EgressHealth egress{state,
                      {.send_self_test =
                           [this] {
                             ++sent;
                             if (up && attached && !hidden) ++passed;
                             return up;
                           },
                       .passed = [this] { return passed; },
                       .has_filter = [this] { return attached; },
                       .attach_filter =
                           [this] {
                             if (refuses) throw SetupError("no room at egress");
                             attached = true;
                             ++put_back;
                           }},
                      seen_at};

  void pass(Duration time) {
    for (const auto end = now + time; now < end;) egress.tick(now += tick);
  }
  std::vector<std::string> warnings() const {
    std::vector<std::string> all;
    egress.warn(all);
    return all;
  }
};

TEST_F(EgressHealthTest, is_tested_once_a_second_while_it_is_seen_and_says_when) {
  pass(tick);
  EXPECT_EQ(egress.sight(), EgressHealth::Sight::seen);
  EXPECT_EQ(seen_at, raw(now));
  pass(10 * second);
  EXPECT_EQ(sent, 11);
  EXPECT_EQ(seen_at, raw(now));
  EXPECT_TRUE(warnings().empty());
}

TEST_F(EgressHealthTest, that_is_hidden_is_tested_every_tick_until_it_is_seen_again) {
  pass(tick);
  hidden = true;
  pass(second);
  EXPECT_EQ(egress.sight(), EgressHealth::Sight::hidden);
  EXPECT_STREQ(egress.text(), "hidden");
  EXPECT_EQ(warnings().size(), 1U);
  const auto before = sent;
  const auto last_seen = seen_at;
  pass(second);
  EXPECT_EQ(sent, before + 4);
  EXPECT_EQ(seen_at, last_seen);
  hidden = false;
  pass(tick);
  EXPECT_EQ(egress.sight(), EgressHealth::Sight::seen);
  EXPECT_EQ(put_back, 0);
}

TEST_F(EgressHealthTest, that_is_missing_is_put_back_and_seen_at_once) {
  pass(tick);
  attached = false;
  egress.on_filters(now += second);
  EXPECT_EQ(put_back, 1);
  EXPECT_EQ(egress.put_back(), 1U);
  EXPECT_EQ(egress.sight(), EgressHealth::Sight::seen);
}

TEST_F(EgressHealthTest, is_not_put_back_more_often_than_every_20_milliseconds_on_events) {
  pass(tick);
  now += second;
  for (int i = 0; i < 40; ++i) {
    attached = false;
    egress.on_filters(now += 1ms);
  }
  EXPECT_EQ(put_back, 2);
}

TEST_F(EgressHealthTest, that_cant_be_put_back_is_missing_and_says_why) {
  attached = false;
  refuses = true;
  pass(second);
  EXPECT_EQ(egress.sight(), EgressHealth::Sight::missing);
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_NE(warnings()[0].find("no room at egress"), std::string::npos);
  refuses = false;
  pass(tick);
  EXPECT_EQ(egress.sight(), EgressHealth::Sight::seen);
}

TEST_F(EgressHealthTest, of_a_parent_that_is_down_nothing_is_said) {
  up = false;
  pass(2 * second);
  EXPECT_EQ(egress.sight(), EgressHealth::Sight::unknown);
  EXPECT_EQ(seen_at, 0U);
}

TEST(FastPathHealth, on_a_veth_is_as_good_as_the_other_ends_program) {
  auto state = state_of();
  bool has_program = false;
  FastPathHealth health(state, [&] { return has_program; });
  EXPECT_FALSE(health.on());
  EXPECT_EQ(health.off_because(), "no_xdp_at_the_other_end");
  EXPECT_FALSE(health.check_peer()) << "nothing has changed";
  has_program = true;
  EXPECT_TRUE(health.check_peer());
  EXPECT_TRUE(health.on());
  EXPECT_EQ(health.off_because(), "");
  state.own.fast_path = false;
  EXPECT_FALSE(health.on());
  EXPECT_EQ(health.off_because(), "");
}

TEST(FastPathHealth, of_another_kind_of_parent_or_in_generic_mode_nobody_is_asked_about) {
  const auto never = []() -> bool { throw std::logic_error("asked"); };
  for (const auto* kind : {"", "bond"}) {
    const auto state = state_of(kind);
    EXPECT_TRUE(FastPathHealth(state, never).on());
  }
  auto generic = state_of();
  generic.own.generic_xdp = true;
  EXPECT_TRUE(FastPathHealth(generic, never).on());
}

TEST(FastPathHealth, who_cant_be_asked_has_no_program) {
  const auto state = state_of();
  FastPathHealth health(state, []() -> bool { throw SetupError("EPERM"); });
  EXPECT_FALSE(health.on());
}

TEST(FastPathHealth, knows_the_other_end_by_number_and_namespace) {
  auto state = state_of();
  state.link.lower_netns = 5;
  const FastPathHealth health(state, [] { return true; });
  EXPECT_TRUE(health.is_peer(5, 3));
  EXPECT_FALSE(health.is_peer(5, 4));
  EXPECT_FALSE(health.is_peer(6, 3));
  EXPECT_FALSE(health.is_peer(std::nullopt, 3));
  state.link.kind = "macvlan";
  EXPECT_FALSE(health.is_peer(5, 3));
}

TEST(FastPathHealth, a_driver_that_refuses_all_switches_it_off_for_a_while) {
  const auto state = state_of("");
  FastPathHealth health(state, [] { return true; });
  EXPECT_FALSE(health.check_driver(0, 0, at(100 * second)));
  EXPECT_TRUE(health.check_driver(1000, 1000, at(101 * second)));
  EXPECT_FALSE(health.on());
  EXPECT_EQ(health.off_because(), "refused_by_the_driver");
  std::vector<std::string> warnings;
  health.warn(warnings);
  EXPECT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(health.check_driver(1000, 1000, at(111 * second)));
  EXPECT_TRUE(health.on());
}

struct ProgramSettingsTest : testing::Test {
  ParentState state = state_of("");
  arpl_limits map{};
  std::vector<std::uint64_t> filter = std::vector<std::uint64_t>(ARPL_FILTER_WORDS, 1);

  Switches switches() const { return switches_of(state, false, true); }
};

TEST_F(ProgramSettingsTest, switches_follow_the_parent) {
  EXPECT_TRUE(switches().one_queue);
  EXPECT_FALSE(switches().in_pieces);
  EXPECT_EQ(switches().mac, 9U);
  state.link.rx_queues = 2;
  EXPECT_FALSE(switches().one_queue) << "XDP runs on two CPUs at a time";
  state.link.rx_queues = 1;
  state.link.kind = "bond";
  EXPECT_FALSE(switches().one_queue) << "the members' queues count";
  state.own.port = PortKind::ethdev;
  state.own.device = "net_ring0";
  ASSERT_TRUE(state.decides_alone());
  EXPECT_TRUE(switches().one_queue);
  state.parent.mtu = 1501;
  EXPECT_TRUE(switches().in_pieces);
}

TEST_F(ProgramSettingsTest, each_switch_has_its_flag) {
  const std::pair<bool Switches::*, std::uint64_t> flags[] = {
      {&Switches::hidden_tags, ARPL_LIMIT_HIDDEN_TAGS},
      {&Switches::fast_path, ARPL_LIMIT_FAST_PATH},
      {&Switches::in_pieces, ARPL_LIMIT_FRAGS},
      {&Switches::one_queue, ARPL_LIMIT_ONE_QUEUE},
      {&Switches::other_pairs, ARPL_LIMIT_OTHER_PAIRS},
      {&Switches::other_heard, ARPL_LIMIT_OTHER_HEARD},
      {&Switches::other_announced, ARPL_LIMIT_OTHER_ANNOUNCED}};
  for (const auto& [which, flag] : flags) {
    Switches some{.fast_path = false};
    some.*which = true;
    EXPECT_EQ(limits_for(state.config, state.config.limits, some, map).flags, flag);
  }
}

TEST_F(ProgramSettingsTest, a_budget_gets_no_more_than_there_is_room_for_in_the_neighbour_table) {
  ProgramSettings settings(state, map, filter, kNoTime);
  settings.write(switches(), std::nullopt);
  const auto whole = map.to_child.interval_ns;
  EXPECT_FALSE(settings.follow_neighbours(kNoTime, std::nullopt));
  EXPECT_TRUE(settings.follow_neighbours(kNoTime, 100)) << "it does not fit any more";
  settings.write(switches(), 100);
  EXPECT_GT(map.to_child.interval_ns, whole);
  EXPECT_LT(settings.neighbour_fit().factor(), 1);
  EXPECT_FALSE(settings.follow_neighbours(kNoTime, 100));
  state.config.host_share = false;
  settings.write(switches(), 100);
  EXPECT_EQ(map.to_child.interval_ns, whole);
}

TEST_F(ProgramSettingsTest, tell_the_programs_when_the_neighbour_table_was_last_full) {
  ProgramSettings settings(state, map, filter, kNoTime);
  settings.follow_neighbours(at(5ns), std::nullopt);
  EXPECT_EQ(map.neigh_full_ns, 5U);
  settings.follow_neighbours(at(4ns), std::nullopt);
  EXPECT_EQ(map.neigh_full_ns, 5U) << "never back";
}

TEST_F(ProgramSettingsTest, other_limits_are_in_force_from_the_next_write_on) {
  ProgramSettings settings(state, map, filter, kNoTime);
  Limits limits;
  limits.set(*find_limit("foreign"), 10);
  settings.set_limits(limits);
  EXPECT_EQ(map.foreign.interval_ns, 0U);
  settings.write(switches(), std::nullopt);
  EXPECT_EQ(rate_of(map.foreign), 10U);
}

// The programs ask the other part before the first one is emptied, and each filter has a period of its own.
TEST_F(ProgramSettingsTest, a_filters_part_is_emptied_after_the_programs_ask_the_other_one) {
  state.config.pair_ttl = 10 * second;
  ProgramSettings settings(state, map, filter, kNoTime);
  const auto first_word = [&](std::uint32_t part) {
    return filter[std::size_t{part} * ARPL_FILTER_PART_WORDS];
  };
  int written = 0;
  const auto write = [&] {
    ++written;
    EXPECT_EQ(first_word(ARPL_FILTER_PAIRS), 1U) << "still asked by the programs";
    settings.write(switches(), std::nullopt);
  };
  settings.rotate_filters(at(10 * second - 1ns), write);
  EXPECT_EQ(written, 0);
  settings.rotate_filters(at(10 * second), write);
  EXPECT_GE(written, 1);
  EXPECT_NE(map.flags & ARPL_LIMIT_OTHER_PAIRS, 0U);
  EXPECT_EQ(first_word(ARPL_FILTER_PAIRS), 0U);
  EXPECT_EQ(first_word(ARPL_FILTER_PAIRS + 1), 1U);
}

TEST_F(ProgramSettingsTest, adopt_which_part_an_earlier_run_has_left_asked) {
  map.flags = ARPL_LIMIT_OTHER_PAIRS | ARPL_LIMIT_OTHER_ANNOUNCED;
  ProgramSettings settings(state, map, filter, kNoTime);
  settings.write(switches(), std::nullopt);
  EXPECT_NE(map.flags & ARPL_LIMIT_OTHER_PAIRS, 0U);
  EXPECT_EQ(map.flags & ARPL_LIMIT_OTHER_HEARD, 0U);
  EXPECT_NE(map.flags & ARPL_LIMIT_OTHER_ANNOUNCED, 0U);
}

TEST(ParentState, a_carrier_that_was_away_for_a_moment_has_come_back_too) {
  const ParentLink down{.running = false, .carrier_ups = 1};
  const ParentLink up{.running = true, .carrier_ups = 1};
  const ParentLink up_again{.running = true, .carrier_ups = 2};
  EXPECT_TRUE(carrier_came_back(down, up));
  EXPECT_TRUE(carrier_came_back(up, up_again));
  EXPECT_FALSE(carrier_came_back(up, up));
  EXPECT_FALSE(carrier_came_back(up, down));
}

TEST(ParentState, only_who_answers_or_decides_alone_needs_a_worker) {
  auto state = state_of("");
  EXPECT_TRUE(state.needs_service());
  state.config.mode = Mode::observe;
  EXPECT_FALSE(state.needs_service());
  state.own.port = PortKind::ethdev;
  state.own.device = "net_ring0";
  EXPECT_TRUE(state.needs_service());
}

TEST(WantsRing, only_where_a_frame_can_get_into_one) {
  auto state = state_of("");
  Limits limits;
  EXPECT_FALSE(wants_ring(state, limits, true));
  EXPECT_TRUE(wants_ring(state, limits, false)) << "nothing else answers";
  limits.set(*find_limit("ring"), 10);
  EXPECT_TRUE(wants_ring(state, limits, true));
  limits = {};
  limits.set(*find_limit("ring_new"), 10);
  EXPECT_TRUE(wants_ring(state, limits, true));
  limits = {};
  state.own.fast_path_exclude.emplace_back();
  EXPECT_TRUE(wants_ring(state, limits, true));
  for (const auto* kind : {"bond", "team", "bridge"}) {
    state.link.kind = kind;
    EXPECT_FALSE(wants_ring(state, limits, false)) << kind;
  }
  state.link.kind = "";
  state.own.generic_xdp = true;
  EXPECT_FALSE(wants_ring(state, limits, false));
}

}  // namespace
}  // namespace arpline
