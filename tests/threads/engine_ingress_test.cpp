// SPDX-License-Identifier: Apache-2.0
// The worker with the wire stage, while control replaces its tables and withdraws endpoints.
#include "worker/engine_ingress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "endpoints/memory_tables.hpp"
#include "worker/thread.hpp"

namespace arpline {
namespace {

constexpr Mac kChild = 0x0605'0403'0202;
constexpr Mac kRequester = 0x0101'0101'0102;
constexpr Mac kSpoofed = 0x0909'0909'0902;  // an own MAC in some of the tables
constexpr Ipv4 kAddress = 0x0200000a;

// Receives the same who-has in each burst, from two requesters in turn.
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

arpl_hash_keys any_keys() {
  arpl_hash_keys keys{};
  arpl_derive_keys(1, 2, &keys);
  return keys;
}

struct FrontTest : testing::Test {
  MemoryTables memory{any_keys(), 8};
  arpl_tables& tables = memory.tables();
  arpl_engine_counts counts{};

  FrontTest() {
    memory.lease = ~__u64{0};
    memory.limits.pair_ttl_ns = 60 * ARPL_SECOND_NS;
    memory.limits.credit_window = 1;
    memory.limits.flags = ARPL_LIMIT_FAST_PATH;
    tables.slots[3] = {.word = kChild, .generation = 5, .confirmed_at = 1, .netmask = 0x00ffffff};
    memory.index().put({.address = kAddress, .vlan = 0, .zero = 0}, 3);
    std::ranges::fill(tables.filter, ~__u64{0});
    tables.sockets = ~__u64{0};
    arpl_arp answer{};
    answer.eth_src = answer.sender_mac = kChild;
    answer.eth_dst = answer.target_mac = kRequester;
    answer.sender_ip = kAddress;
    answer.target_ip = 0x0100000a;
    answer.op = ARPL_OP_REPLY;
    const auto now = raw(Clock::now());
    __be32 requester = 0;
    arpl_hand(&tables, arpl_pair_hash(&tables, kRequester, answer.target_ip, kAddress, 0), now);
    EXPECT_EQ(arpl_confirm(&tables, &answer, now, &requester), 1);
  }
};

TEST_F(FrontTest, every_frame_is_counted_once_and_answered_or_passed_while_control_swaps_its_copies) {
  const WorkerTables own{.slots = tables.slots, .credit = tables.credit, .counts = &counts};
  auto owned = std::make_unique<WirePort>();
  auto& port = *owned;
  WorkerThread<WirePort, EngineIngress> service(std::move(owned), own, EngineIngress{tables}, [](WirePort&) {});
  OwnMacTable without{{kChild, {}}};
  for (int round = 0; round < 50; ++round) {
    const auto with = std::make_unique<OwnMacTable>(OwnMacTable{{kChild, {}}, {kSpoofed, {}}});
    __atomic_store_n(&tables.macs, with.get(), __ATOMIC_RELEASE);
    ASSERT_TRUE(service.pass_boundary(std::chrono::seconds{5}));
    __atomic_store_n(&tables.macs, &without, __ATOMIC_RELEASE);
    ASSERT_TRUE(service.pass_boundary(std::chrono::seconds{5}));  // the worker no longer reads `with`
  }
  const auto own_mac = load_shared(reinterpret_cast<const __u64*>(&memory.verdicts)[ARPL_own_mac]);
  EXPECT_GT(own_mac, 0U);
  service.drain_and_stop();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < ARPL_VERDICT_COUNTERS; ++i)
    sum += reinterpret_cast<const __u64*>(&memory.verdicts)[i];
  EXPECT_EQ(sum, port.sent + port.released + port.passed);
  EXPECT_EQ(memory.verdicts.ring, port.sent);
  EXPECT_GT(memory.verdicts.ring, 0U);
}

TEST_F(FrontTest, withdrawn_endpoint_is_not_answered_for_once_a_boundary_has_passed) {
  const WorkerTables own{.slots = tables.slots, .credit = tables.credit, .counts = &counts};
  auto owned = std::make_unique<WirePort>();
  auto& port = *owned;
  WorkerThread<WirePort, EngineIngress> service(std::move(owned), own, EngineIngress{tables}, [](WirePort&) {});
  while (port.sent == 0) std::this_thread::yield();
  std::atomic_ref<__u64>(tables.slots[3].word).store(0);
  std::atomic_ref<__u32>(tables.slots[3].generation).store(6);
  ASSERT_TRUE(service.pass_boundary(std::chrono::seconds{5}));
  const auto sent = port.sent.load();
  const auto passed = port.passed.load();
  while (port.passed < passed + 1000) std::this_thread::yield();
  EXPECT_EQ(port.sent, sent);
}

}  // namespace
}  // namespace arpline
