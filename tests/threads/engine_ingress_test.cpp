// SPDX-License-Identifier: Apache-2.0
// The worker that decides by itself, while control swaps its copies and withdraws endpoints.
#include "worker/engine_ingress.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "worker/thread.hpp"

namespace arpline {
namespace {

constexpr Mac kChild = 0x0605'0403'0202;
constexpr Mac kRequester = 0x0101'0101'0102;
constexpr Mac kSpoofed = 0x0909'0909'0902;  // an own one, in some of the copies
constexpr Ipv4 kAddress = 0x0200000a;

// Each burst has the same who-has, from two requesters in turn.
class WirePort {
 public:
  std::size_t receive(Burst burst) noexcept {
    for (std::size_t i = 0; i < burst.size(); ++i) {
      auto& bytes = frames_.at(i);
      const arpl_write who_has{.eth_dst = ARPL_MAC_BROADCAST,
                               .eth_src = i % 2 == 0 ? kRequester : kSpoofed,
                               .sender_mac = i % 2 == 0 ? kRequester : kSpoofed,
                               .target_mac = 0,
                               .sender_ip = 0x0100000a,
                               .target_ip = kAddress,
                               .op = ARPL_OP_REQUEST,
                               .vlan = 0};
      const auto len = arpl_write_arp(bytes.data(), &who_has);
      burst[i] = {.data = reinterpret_cast<std::byte*>(bytes.data()), .len = len, .queue = 0, .token = 0};
    }
    return burst.size();
  }
  std::size_t send(Burst burst) noexcept {
    sent.fetch_add(burst.size());
    return burst.size();
  }
  void release(Burst burst) noexcept { released.fetch_add(burst.size()); }
  void hand_over(Burst burst) noexcept { passed.fetch_add(burst.size()); }
  std::uint64_t not_handed_over() const noexcept { return 0; }
  std::size_t allocate(Burst) noexcept { return 0; }
  void wait(std::chrono::milliseconds) noexcept {}
  void wake() noexcept {}
  std::uint16_t queues() const noexcept { return 1; }
  std::uint64_t lost(std::uint16_t) const noexcept { return 0; }

  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> released{0};
  std::atomic<std::uint64_t> passed{0};

 private:
  std::array<std::array<std::uint8_t, kFrameRoomBytes>, 64> frames_{};
};

struct FrontTest : testing::Test {
  EngineIngressTables tables;
  __u64 lease = ~__u64{0};
  arpl_limits limits{};
  std::vector<arpl_slot> slots = std::vector<arpl_slot>(8);
  std::vector<arpl_endpoint_stats> stats = std::vector<arpl_endpoint_stats>(8);
  std::vector<arpl_index_bucket> index = std::vector<arpl_index_bucket>(ARPL_INDEX_BUCKETS);
  std::vector<__u64> filter = std::vector<__u64>(ARPL_FILTER_WORDS, ~__u64{0});
  std::vector<arpl_pair_set> pairs = std::vector<arpl_pair_set>(ARPL_PAIR_SETS);
  std::vector<__u64> heard = std::vector<__u64>(ARPL_HEARD_ENTRIES);
  std::vector<__u64> buckets = std::vector<__u64>(ARPL_BUCKETS);
  std::vector<arpl_credit> credit = std::vector<arpl_credit>(ARPL_MAX_QUEUES);
  std::vector<arpl_slot> no_slots;
  arpl_engine_counts counts{};

  FrontTest() {
    auto& decision = tables.decision;
    arpl_derive_keys(1, 2, &decision.keys);
    limits.pair_ttl_ns = 60 * ARPL_SECOND_NS;
    limits.credit_window = 1;
    limits.flags = ARPL_LIMIT_FAST_PATH;
    slots[3] = {.word = kChild, .generation = 5, .confirmed_at = 1, .netmask = 0x00ffffff};
    const auto cell = arpl_index_cell(kAddress, 0);
    auto& bucket = index.at(arpl_index_bucket_of(decision.keys.factor, cell));
    bucket.cells[0] = cell | 3ULL << ARPL_CELL_SLOT_SHIFT;
    decision.lease = &lease;
    decision.limits = &limits;
    decision.slots = slots;
    decision.stats = stats;
    decision.index = index;
    decision.filter = filter;
    decision.pairs = pairs;
    decision.heard = heard;
    decision.buckets = buckets;
    decision.credit = credit;
    decision.sockets = ~__u64{0};
    arpl_arp answer{};
    answer.eth_src = answer.sender_mac = kChild;
    answer.eth_dst = answer.target_mac = kRequester;
    answer.sender_ip = kAddress;
    answer.target_ip = 0x0100000a;
    answer.op = ARPL_OP_REPLY;
    const auto now = now_ns();
    __be32 requester = 0;
    arpl_hand(&decision, arpl_pair_hash(&decision, kRequester, answer.target_ip, kAddress, 0), now);
    EXPECT_EQ(arpl_confirm(&decision, &answer, now, &requester), 1);
  }
};

TEST_F(FrontTest, every_frame_is_counted_once_and_answered_or_passed_while_control_swaps_its_copies) {
  const WorkerTables own{.slots = slots, .credit = credit, .counts = &counts};
  auto owned = std::make_unique<WirePort>();
  auto& port = *owned;
  WorkerThread<WirePort, EngineIngress> service(std::move(owned), own, EngineIngress{tables}, [](WirePort&) {});
  const OwnMacTable without{{kChild, {}}};
  for (int round = 0; round < 50; ++round) {
    const auto with = std::make_unique<OwnMacTable>(OwnMacTable{{kChild, {}}, {kSpoofed, {}}});
    __atomic_store_n(&tables.decision.macs, with.get(), __ATOMIC_RELEASE);
    ASSERT_TRUE(service.pass_boundary(std::chrono::seconds{5}));
    __atomic_store_n(&tables.decision.macs, &without, __ATOMIC_RELEASE);
    ASSERT_TRUE(service.pass_boundary(std::chrono::seconds{5}));  // from here on nobody reads `with`
  }
  const auto own_mac = load_shared(reinterpret_cast<const __u64*>(&tables.counts)[ARPL_own_mac]);
  EXPECT_GT(own_mac, 0U);
  service.drain_and_stop();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < ARPL_VERDICT_COUNTERS; ++i)
    sum += reinterpret_cast<const __u64*>(&tables.counts)[i];
  EXPECT_EQ(sum, port.sent + port.released + port.passed);
  EXPECT_EQ(tables.counts.ring, port.sent);
  EXPECT_GT(tables.counts.ring, 0U);
}

TEST_F(FrontTest, withdrawn_endpoint_is_not_answered_for_once_a_boundary_has_passed) {
  const WorkerTables own{.slots = slots, .credit = credit, .counts = &counts};
  auto owned = std::make_unique<WirePort>();
  auto& port = *owned;
  WorkerThread<WirePort, EngineIngress> service(std::move(owned), own, EngineIngress{tables}, [](WirePort&) {});
  while (port.sent == 0) std::this_thread::yield();
  std::atomic_ref<__u64>(slots[3].word).store(0);
  std::atomic_ref<__u32>(slots[3].generation).store(6);
  ASSERT_TRUE(service.pass_boundary(std::chrono::seconds{5}));
  const auto sent = port.sent.load();
  const auto passed = port.passed.load();
  while (port.passed < passed + 1000) std::this_thread::yield();
  EXPECT_EQ(port.sent, sent);
}

}  // namespace
}  // namespace arpline
