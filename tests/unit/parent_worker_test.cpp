// SPDX-License-Identifier: Apache-2.0
#include "control/parent_worker.hpp"

#include "base/error.hpp"
#include "on_maps.hpp"
#include "shared/hash.h"

namespace arpline {
namespace {

class WithWorker : public OnMaps {
 protected:
  ParentWorker& worker() {
    if (!worker_)
      worker_.emplace(state_, *made_, "/pins", [this](const ServiceWanted& wanted) -> std::unique_ptr<Service> {
        made_with_.push_back(wanted.ring);
        if (refuses_ && wanted.ring) throw SetupError("no ring");
        front_ = wanted.front;
        return std::make_unique<FakeService>(seen_);
      });
    return *worker_;
  }
  void decide_alone() {
    state_.own.port = PortKind::ethdev;
    state_.own.device = "net_ring0";
  }

  std::optional<ParentWorker> worker_;
  FakeService::Seen seen_;
  std::vector<bool> made_with_;
  arpl_tables* front_ = nullptr;
  bool refuses_ = false;
};

using std::chrono::milliseconds;

TEST_F(WithWorker, is_made_anew_only_where_what_it_was_made_for_has_changed) {
  worker().start(true, milliseconds{1});
  worker().fit(true);
  EXPECT_EQ(made_with_.size(), 1U);
  state_.link.rx_queues = 2;
  worker().fit(true);
  EXPECT_EQ(made_with_.size(), 2U) << "a ring on each queue";
  worker().fit(false);
  EXPECT_EQ(made_with_, (std::vector{true, true, false}));
  state_.link.rx_queues = 3;
  worker().fit(false);
  EXPECT_EQ(made_with_.size(), 3U) << "without rings their number is nothing to it";
  EXPECT_EQ(worker().lost_orders(), (LostOrders{.announcements = 9, .probes = 6}))
      << "those before it count on";
  EXPECT_EQ(worker().not_handed_over(), 3U * 4U);
}

TEST_F(WithWorker, without_the_ring_that_it_wants_serves_on_and_tries_again) {
  refuses_ = true;
  worker().fit(true);
  EXPECT_NE(worker().service(), nullptr);
  EXPECT_EQ(worker().ring_complaint(), "no ring");
  refuses_ = false;
  worker().fit(true);
  EXPECT_EQ(made_with_, (std::vector{true, false, true}));
  EXPECT_EQ(worker().ring_complaint(), "");
}

TEST_F(WithWorker, ends_where_nobody_needs_it) {
  worker().start(false, milliseconds{1});
  state_.config.mode = Mode::observe;
  worker().fit(false);
  EXPECT_EQ(worker().service(), nullptr);
  EXPECT_TRUE(seen_.stopped);
}

TEST_F(WithWorker, passes_a_boundary_only_for_what_was_answered_for) {
  worker().start(false, milliseconds{1});
  worker().settle(*registry_, true, false);
  EXPECT_EQ(seen_.boundaries, 0);
  worker().settle(*registry_, true, true);
  EXPECT_EQ(seen_.boundaries, 1);
}

TEST_F(WithWorker, that_stands_still_is_not_healthy_and_is_again_when_it_moves) {
  EXPECT_TRUE(worker().healthy(at(1 * second))) << "there is none";
  worker().start(false, milliseconds{1});
  EXPECT_TRUE(worker().healthy(at(10 * second)));
  EXPECT_FALSE(worker().healthy(at(12 * second)));
  ++seen_.heartbeat;
  EXPECT_TRUE(worker().healthy(at(13 * second)));
}

TEST_F(WithWorker, that_decides_alone_sees_the_table_only_as_it_was_published_last) {
  decide_alone();
  worker().start(true, milliseconds{1});
  ASSERT_NE(front_, nullptr);
  update(web, {child(web, 2, 0xa, {"10.0.0.1"})});
  worker().publish(*registry_);
  const auto* before = front_->macs;
  EXPECT_TRUE(before->contains(0xa));
  EXPECT_TRUE(front_->endpoints->empty()) << "the index has room for it";
  update(web, {});
  seen_.passes = false;
  worker().settle(*registry_, true, true);
  EXPECT_FALSE(front_->macs->contains(0xa));
  EXPECT_TRUE(before->contains(0xa)) << "kept until the worker has passed a boundary";
  seen_.passes = true;
  worker().settle(*registry_, true, false);
  EXPECT_EQ(seen_.boundaries, 2);
}

// More endpoints in one set of the index than it has cells for: the hash has the others.
TEST_F(WithWorker, that_decides_alone_has_a_copy_of_what_the_index_has_no_room_for) {
  decide_alone();
  worker().start(true, milliseconds{1});
  std::map<std::uint32_t, std::vector<InterfaceAddress>> by_set;
  const auto factor = (*made_).hash_keys().factor;
  auto full = child(web, 2, 0xa, {});
  for (std::uint32_t i = 1; full.addresses.size() <= ARPL_INDEX_CELLS; ++i) {
    const InterfaceAddress one{.address = htonl(0x0a000000U + i), .prefix_bits = 8};
    auto& some = by_set[arpl_index_set_of(factor, arpl_index_cell(one.address, 0))];
    some.push_back(one);
    if (some.size() > ARPL_INDEX_CELLS) full.addresses = some;
  }
  std::ranges::sort(full.addresses, comes_before);
  full.addresses.push_back({.address = ip("172.16.0.1"), .prefix_bits = 16});
  update(web, {full});
  worker().publish(*registry_);
  const auto& copy = *front_->endpoints;
  EXPECT_EQ(copy.size(), ARPL_INDEX_CELLS + 1) << "all of that set, and nobody else";
  EXPECT_FALSE(copy.contains(key_of("172.16.0.1")));
}

TEST_F(WithWorker, that_decides_alone_has_its_verdicts_added_to_those_of_earlier_runs) {
  decide_alone();
  auto earlier = (*made_).verdicts();
  earlier[ARPL_reflect] = 5;
  (*made_).set_verdicts(earlier);
  worker().start(true, milliseconds{1});
  reinterpret_cast<std::uint64_t*>(front_->verdicts)[ARPL_reflect] = 2;
  arpl_event event{};
  event.type = ARPL_EVENT_STRANGER;
  front_->events->push(event);
  int events = 0;
  for (int i = 0; i < 2; ++i) worker().collect([&](const arpl_event&) { ++events; });
  EXPECT_EQ((*made_).verdicts()[ARPL_reflect], 7U);
  EXPECT_EQ(events, 1);
}

}  // namespace
}  // namespace arpline
