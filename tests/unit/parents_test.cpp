// SPDX-License-Identifier: Apache-2.0
#include "control/parents.hpp"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "instant.hpp"
#include "kernel/pins.hpp"

namespace arpline {
namespace {

constexpr Duration second = 1s;

ParentConfig named(const char* name) {
  ParentConfig config;
  config.name = name;
  return config;
}

// The daemon around it: has links by name, and serves a parent or refuses to.
class FakeHost final : public Parents::Host {
 public:
  const LinkRecord* find_link(const ForeignText& name) const override {
    const auto at = links.find(visible(name));
    return at == links.end() ? nullptr : &at->second;
  }
  std::optional<ParentLink> parent_link(int) const override { return std::nullopt; }
  bool exists(int) override { return false; }
  void serve(Parent& parent) override {
    ++tries[visible(parent.config.name)];
    if (!error.empty()) throw SetupError(error);
  }

  std::map<std::string, LinkRecord> links;
  std::map<std::string, int> tries;
  std::string error = "the driver refuses";
};

struct ParentsTest : testing::Test {
  FakeHost host;
  Parents parents{host};
  Instant now = at(100 * second);

  void there_is(const char* name, int ifindex) { host.links[name] = {.ifindex = ifindex, .name = name}; }
  void start(std::vector<ParentConfig> configs) { parents.start(configs, now); }
  std::string reason_of(std::size_t which) { return parents.waiting(now).at(which).reason; }
};

TEST_F(ParentsTest, are_waited_for_until_their_interface_is_there_and_then_tried_at_once) {
  start({named("a"), named("b")});
  EXPECT_EQ(host.tries.size(), 0U);
  EXPECT_EQ(reason_of(0), "a: no such interface; waiting for it");
  EXPECT_EQ(parents.state(),
            "serving nothing; waiting for a (a: no such interface; waiting for it), b (b: no "
            "such interface; waiting for it)");
  there_is("a", 7);
  parents.look(now);
  EXPECT_EQ(host.tries, (std::map<std::string, int>{{"a", 1}}));
  EXPECT_EQ(reason_of(0), "the driver refuses");
}

TEST_F(ParentsTest, that_could_not_be_served_are_tried_again_after_one_two_and_four_seconds) {
  there_is("a", 7);
  start({named("a"), named("b")});
  EXPECT_EQ(host.tries["a"], 1);
  EXPECT_EQ(parents.waiting(now).at(0).next_try_seconds, 1.0);
  int tries = 1;
  for (const int wait : {1, 2, 4}) {
    now += wait * second - 1ns;
    parents.look(now);
    EXPECT_EQ(host.tries["a"], tries) << "not before its time";
    now += 1ns;
    parents.look(now);
    EXPECT_EQ(host.tries["a"], ++tries);
  }
}

TEST_F(ParentsTest, with_a_new_interface_are_tried_at_once_and_wait_as_little_as_the_first_time) {
  there_is("a", 7);
  start({named("a"), named("b")});
  now += second;
  parents.look(now);
  EXPECT_EQ(parents.waiting(now).at(0).next_try_seconds, 2.0);
  there_is("a", 8);
  parents.look(now);
  EXPECT_EQ(host.tries["a"], 3);
  EXPECT_EQ(parents.waiting(now).at(0).next_try_seconds, 1.0);
  host.links.clear();
  parents.look(now);
  EXPECT_EQ(parents.waiting(now).at(0).next_try_seconds, 0.0);
}

TEST_F(ParentsTest, that_are_the_only_one_and_cant_be_served_are_an_error) {
  there_is("a", 7);
  EXPECT_THROW(start({named("a")}), SetupError);
}

TEST_F(ParentsTest, a_reload_keeps_who_is_named_takes_in_who_is_new_and_lets_the_others_leave) {
  there_is("c", 9);
  start({named("a"), named("b")});
  Config config;
  config.parents = {named("b"), named("c")};
  EXPECT_EQ(parents.apply(config, now), "");
  EXPECT_EQ(host.tries, (std::map<std::string, int>{{"c", 1}}));
  EXPECT_FALSE(parents.leave_where_asked()) << "two are left";
  EXPECT_EQ(parents.names(), (std::vector<ForeignText>{"b", "c"}));
  config.parents = {};
  parents.apply(config, now);
  EXPECT_TRUE(parents.leave_where_asked());
}

TEST_F(ParentsTest, are_tried_with_their_new_configuration_at_once_and_only_where_it_has_changed) {
  there_is("a", 7);
  start({named("a"), named("b")});
  Config config;
  config.parents = {named("a"), named("b")};
  parents.apply(config, now);
  parents.look(now);
  EXPECT_EQ(host.tries["a"], 1) << "nothing is different";
  config.parents.front().generic_xdp = true;
  parents.apply(config, now);
  parents.each(
      [](const Parent& parent) { EXPECT_EQ(parent.config.generic_xdp, visible(parent.config.name) == "a"); });
  parents.look(now);
  EXPECT_EQ(host.tries["a"], 2);
}

TEST_F(ParentsTest, who_has_asked_for_a_reload_is_answered_once) {
  start({named("a"), named("b")});
  parents.each([](Parent& parent) { parent.reload_askers = {1, 2}; });
  EXPECT_EQ(parents.take_reload_askers().size(), 4U);
  EXPECT_EQ(parents.take_reload_askers().size(), 0U);
}

TEST(ParentFate, an_interface_that_is_unknown_or_gone_under_our_program_is_gone) {
  int asked = 0;
  const auto there = [&] { return ++asked > 0; };
  const auto gone = [&] { return ++asked < 0; };
  EXPECT_EQ(fate_of(true, true, there), ParentFate::stays);
  EXPECT_EQ(fate_of(false, true, there), ParentFate::gone);
  EXPECT_EQ(fate_of(false, false, there), ParentFate::gone);
  EXPECT_EQ(asked, 0) << "the kernel is asked only where our program is off";
  EXPECT_EQ(fate_of(true, false, there), ParentFate::taken_off);
  EXPECT_EQ(fate_of(true, false, gone), ParentFate::gone);
}

std::string refusal(const std::function<void(Config&)>& change) {
  Config now;
  now.parents = {named("a")};
  auto wanted = now;
  change(wanted);
  try {
    refuse_what_needs_a_restart(now, wanted);
    return {};
  } catch (const SetupError& error) {
    return error.what();
  }
}

TEST(Reload, refuses_what_cant_change_without_a_restart_and_nothing_else) {
  const std::string why = " changes with a restart only";
  EXPECT_EQ(refusal([](Config& c) { c.control_group = "adm"; }), "control_group" + why);
  EXPECT_EQ(refusal([](Config& c) { c.netns_folders = {"/x"}; }), "netns_folders" + why);
  EXPECT_EQ(refusal([](Config& c) { c.eal = {"-l", "0"}; }), "eal" + why);
  EXPECT_EQ(refusal([](Config& c) { c.parents[0].generic_xdp = true; }), "parent.a.generic_xdp" + why);
  EXPECT_EQ(refusal([](Config& c) { c.parents[0].port = PortKind::ethdev; }), "parent.a.port" + why);
  EXPECT_EQ(refusal([](Config& c) { c.parents[0].device = "x"; }), "parent.a.device" + why);
  EXPECT_EQ(refusal([](Config& c) { c.parents[0].steering = Steering::external; }), "parent.a.steering" + why);
  EXPECT_EQ(refusal([](Config& c) { c.mode = Mode::observe; }), "");
  EXPECT_EQ(refusal([](Config& c) { c.parents[0].fast_path = false; }), "");
  EXPECT_EQ(refusal([](Config& c) { c.parents.push_back({.name = "b", .generic_xdp = true}); }), "");
}

// Folders of an ordinary file system: nothing is pinned in them, as when the interface is gone.
class StalePins : public testing::Test {
 protected:
  StalePins() { EXPECT_NE(mkdtemp(root_.data()), nullptr); }
  ~StalePins() override { std::filesystem::remove_all(root_); }

  std::string pin_root() const { return root_ + "/pins"; }
  std::string run_root() const { return root_ + "/run"; }
  std::string pins_of(const char* name) const { return pin_root() + "/" + name; }
  void SetUp() override {
    std::filesystem::create_directories(run_root());
    std::filesystem::create_directories(pins_of("nic@7-1"));
  }

  std::string root_ = testing::TempDir() + "arpline-stale-XXXXXX";
};

TEST_F(StalePins, are_removed_when_nobody_serves_their_parent) {
  std::filesystem::create_directories(run_root() + "/nic@7-1");
  remove_stale_pins(pin_root(), run_root());
  EXPECT_FALSE(std::filesystem::exists(pins_of("nic@7-1")));
  EXPECT_FALSE(std::filesystem::exists(run_root() + "/nic@7-1"));
}

TEST_F(StalePins, of_a_parent_whose_lock_is_held_stay) {
  const ParentLock lock(run_root(), "nic@7-1");
  remove_stale_pins(pin_root(), run_root());
  EXPECT_TRUE(std::filesystem::exists(pins_of("nic@7-1")));
  EXPECT_TRUE(std::filesystem::exists(lock.folder()));
}

TEST_F(StalePins, whose_folder_is_locked_by_a_daemon_with_another_run_root_stay) {
  const PinLock lock(pins_of("nic@7-1"));
  remove_stale_pins(pin_root(), run_root());
  EXPECT_TRUE(std::filesystem::exists(pins_of("nic@7-1")));
}

}  // namespace
}  // namespace arpline
