// SPDX-License-Identifier: Apache-2.0
// The worker over a port with frames in memory.
#include "worker/worker.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <vector>

#include "base/net.hpp"
#include "worker/thread.hpp"

namespace arpline {
namespace {

constexpr Mac kChild = 0x0605'0403'0202;
constexpr Mac kRequester = 0x0101'0101'0102;
constexpr Instant kNow{10s};

auto at(Instant now) {
  return [now] { return now; };
}

using Bytes = std::vector<std::uint8_t>;

class MemoryPort {
 public:
  explicit MemoryPort(std::uint16_t queues = 1) : queues_(queues) {}

  /// Queues a who-has for 10.0.0.2 behind the program's metadata. From any thread.
  void put(const arpl_ring_meta& meta, std::uint16_t queue = 0) {
    const std::lock_guard guard(mutex_);
    auto* buffer = &buffers_.emplace_back();
    std::memcpy(buffer->bytes.data() + kHeadroom - sizeof meta, &meta, sizeof meta);
    const arpl_write who_has{.eth_dst = ARPL_MAC_BROADCAST,
                             .eth_src = kRequester,
                             .sender_mac = kRequester,
                             .target_mac = 0,
                             .sender_ip = 0x0100000a,
                             .target_ip = 0x0200000a,
                             .op = ARPL_OP_REQUEST,
                             .vlan = 0};
    buffer->len = arpl_write_arp(buffer->bytes.data() + kHeadroom, &who_has);
    buffer->queue = queue;
    waiting_.push_back(buffer);
  }

  std::size_t receive(Burst burst) noexcept {
    const std::lock_guard guard(mutex_);
    std::size_t n = 0;
    while (n < burst.size() && !waiting_.empty()) {
      burst[n++] = frame(waiting_.front());
      waiting_.pop_front();
    }
    return n;
  }
  std::size_t send(Burst burst) noexcept {
    const std::lock_guard guard(mutex_);
    const auto n = std::min(burst.size(), room);
    for (std::size_t i = 0; i < n; ++i) {
      const auto* at = reinterpret_cast<const std::uint8_t*>(burst[i].data);
      sent.emplace_back(at, at + burst[i].len);
    }
    return n;
  }
  void release(Burst burst) noexcept {
    const std::lock_guard guard(mutex_);
    released += burst.size();
  }
  std::size_t allocate(Burst burst) noexcept {
    const std::lock_guard guard(mutex_);
    for (auto& f : burst) f = frame(&buffers_.emplace_back());
    return burst.size();
  }
  void wait(std::chrono::milliseconds) noexcept { std::this_thread::sleep_for(std::chrono::microseconds{100}); }
  void wake() noexcept {}
  std::uint16_t queues() const noexcept { return queues_; }
  std::uint64_t lost(std::uint16_t) const noexcept { return lost_frames; }

  std::size_t sent_count() {
    const std::lock_guard guard(mutex_);
    return sent.size();
  }

  std::vector<Bytes> sent;
  std::size_t released = 0;
  std::size_t room = 1000000;
  std::uint64_t lost_frames = 0;

 private:
  static constexpr std::size_t kHeadroom = 64;
  struct Buffer {
    std::array<std::uint8_t, 256> bytes{};
    std::uint32_t len = 0;
    std::uint16_t queue = 0;
  };
  static Frame frame(Buffer* buffer) {
    return {.data = reinterpret_cast<std::byte*>(buffer->bytes.data() + kHeadroom),
            .len = buffer->len,
            .queue = buffer->queue,
            .token = 0};
  }

  std::uint16_t queues_;
  std::mutex mutex_;
  std::deque<Buffer> buffers_;  // grows as needed and never shrinks
  std::deque<Buffer*> waiting_;
};

struct WorkerTest : testing::Test {
  std::vector<arpl_slot> slots = std::vector<arpl_slot>(8);
  std::vector<arpl_credit> credit = std::vector<arpl_credit>(ARPL_MAX_QUEUES);
  arpl_engine_counts counts{};
  Orders orders;
  MemoryPort port{2};

  WorkerTest() {
    slots[3].word = kChild;
    slots[3].generation = 5;
  }
  WorkerTables tables() { return {.slots = slots, .credit = credit, .counts = &counts}; }
  static arpl_ring_meta fresh() { return {.slot = 3, .generation = 5, .time_ns = raw(kNow)}; }
};

TEST_F(WorkerTest, answers_with_the_slots_mac_to_the_requester) {
  Worker<MemoryPort> worker(port, tables(), orders);
  port.put(fresh());
  EXPECT_EQ(worker.step(at(kNow)), 1U);
  ASSERT_EQ(port.sent.size(), 1U);
  const auto& reply = port.sent[0];
  ASSERT_EQ(reply.size(), 42U);
  EXPECT_EQ(arpl_load_mac(reply.data()), kRequester);
  EXPECT_EQ(arpl_load_mac(reply.data() + 6), kChild);
  EXPECT_EQ(reply[21], ARPL_OP_REPLY);
  EXPECT_EQ(counts.answered, 1U);
}

TEST_F(WorkerTest, answers_nothing_for_a_slot_withdrawn_changed_or_flagged_meanwhile) {
  Worker<MemoryPort> worker(port, tables(), orders);
  port.put(fresh());
  slots[3].word = 0;
  worker.step(at(kNow));
  slots[3].word = kChild;
  slots[3].generation = 6;
  port.put(fresh());
  worker.step(at(kNow));
  slots[3].generation = 5;
  slots[3].word = kChild | ARPL_SLOT_DOWN;
  port.put(fresh());
  worker.step(at(kNow));
  port.put({.slot = 8, .generation = 5, .time_ns = raw(kNow)});
  worker.step(at(kNow));
  EXPECT_TRUE(port.sent.empty());
  EXPECT_EQ(counts.withdrawn, 4U);
  EXPECT_EQ(port.released, 4U);
}

TEST_F(WorkerTest, answers_nothing_older_than_a_second) {
  Worker<MemoryPort> worker(port, tables(), orders);
  port.put(fresh());
  worker.step(at(kNow + duration_from_raw(ARPL_MAX_RING_AGE_NS)));
  EXPECT_EQ(port.sent.size(), 1U);
  port.put(fresh());
  worker.step(at(kNow + duration_from_raw(ARPL_MAX_RING_AGE_NS) + 1ns));
  EXPECT_EQ(port.sent.size(), 1U);
  EXPECT_EQ(counts.stale, 1U);
}

TEST_F(WorkerTest, counts_every_frame_from_the_ring_once) {
  Worker<MemoryPort> worker(port, tables(), orders);
  for (int i = 0; i < 10; ++i) port.put(fresh());
  port.room = 4;
  worker.step(at(kNow));
  EXPECT_EQ(counts.answered, 4U);
  EXPECT_EQ(counts.tx_full, 6U);
  EXPECT_EQ(port.released, 6U);
}

TEST_F(WorkerTest, starts_with_all_credit_and_gives_back_what_it_took_and_what_was_lost) {
  credit[0].sent = 1000;
  credit[0].consumed = 3;
  Worker<MemoryPort> worker(port, tables(), orders);
  EXPECT_EQ(credit[0].consumed, 1000U);
  credit[0].sent = 1003;
  port.put(fresh());
  worker.step(at(kNow));
  EXPECT_EQ(credit[0].consumed, 1001U);
  port.lost_frames = 2;
  worker.idle(kNow);
  EXPECT_EQ(credit[0].consumed, 1003U);
}

TEST_F(WorkerTest, a_loss_reported_late_is_not_given_back_twice) {
  Worker<MemoryPort> worker(port, tables(), orders);
  credit[1].sent = 7;
  worker.idle(kNow);
  port.lost_frames = 7;
  worker.idle(kNow + 2s);
  EXPECT_EQ(credit[1].consumed, 7U);
}

TEST_F(WorkerTest, credit_that_vanished_without_a_word_comes_back_after_a_second) {
  Worker<MemoryPort> worker(port, tables(), orders);
  credit[1].sent = 7;
  worker.idle(kNow);
  EXPECT_EQ(credit[1].consumed, 0U);
  worker.idle(kNow + 1s);
  EXPECT_EQ(credit[1].consumed, 0U);
  worker.idle(kNow + 1s + 1ns);
  EXPECT_EQ(credit[1].consumed, 7U);
}

Order announcement_of(std::uint32_t address) {
  return {arpl_announcement(kChild, address, 0)};
}

std::uint32_t announced(const Bytes& frame) {
  return arpl_load32(frame.data() + ARPL_ETH_BYTES + 24);
}

TEST_F(WorkerTest, sends_the_frames_it_is_ordered_to_as_they_are) {
  Worker<MemoryPort> worker(port, tables(), orders);
  const auto frame = arpl_who_has(kChild, 0x0200000a, 0x0100000a, kRequester, 7);
  orders.push({frame});
  worker.step(at(kNow));
  Bytes expected(ARPL_WRITTEN_BYTES);
  expected.resize(arpl_write_arp(expected.data(), &frame));
  ASSERT_EQ(port.sent.size(), 1U);
  EXPECT_EQ(port.sent[0], expected);
}

TEST_F(WorkerTest, sends_a_burst_of_orders_a_step_and_does_not_sleep_before_the_last) {
  constexpr std::uint32_t kOrders = 130;
  Worker<MemoryPort> worker(port, tables(), orders);
  for (std::uint32_t i = 0; i < kOrders; ++i) orders.push(announcement_of(i));
  for (const std::size_t sent : {64U, 128U, 130U}) {
    worker.step(at(kNow));
    EXPECT_EQ(port.sent.size(), sent);
    EXPECT_TRUE(worker.lingers(kNow));
  }
  worker.step(at(kNow));
  EXPECT_FALSE(worker.lingers(kNow));
  EXPECT_EQ(worker.finished_orders(), kOrders);
}

TEST_F(WorkerTest, sends_later_and_in_order_what_the_port_does_not_take_at_once) {
  constexpr std::uint32_t kOrders = 100;
  Worker<MemoryPort> worker(port, tables(), orders);
  for (std::uint32_t i = 0; i < kOrders; ++i) orders.push(announcement_of(i));
  for (const std::size_t room : {10U, 0U, 7U, 64U, 64U}) {
    port.room = room;
    worker.step(at(kNow));
  }
  ASSERT_EQ(port.sent.size(), kOrders);
  for (std::uint32_t i = 0; i < kOrders; ++i) EXPECT_EQ(announced(port.sent[i]), i);
  EXPECT_EQ(worker.lost_orders(), LostOrders{});
}

// Half of the orders are lost at the port, the others in the order ring.
TEST_F(WorkerTest, counts_lost_announcements_and_lost_probes_apart) {
  constexpr std::uint32_t kOrders = 200;
  Worker<MemoryPort> worker(port, tables(), orders);
  port.room = 0;
  for (std::uint32_t i = 1; i <= kOrders / 2; ++i) {
    orders.push(announcement_of(i));
    orders.push({.frame = arpl_probe(1, i, 0)});
    orders.push({.frame = arpl_who_has(1, i, i + 1, ARPL_MAC_BROADCAST, 0)});
  }
  worker.step(at(kNow));
  worker.step(at(kNow + Worker<MemoryPort>::kOrderPatience + 1ns));
  EXPECT_EQ(worker.lost_orders(), (LostOrders{.announcements = kOrders / 2, .probes = kOrders}));
}

TEST_F(WorkerTest, loses_the_orders_that_a_port_refuses_for_too_long_and_takes_new_ones) {
  constexpr std::uint32_t kOrders = 100;
  Worker<MemoryPort> worker(port, tables(), orders);
  port.room = 0;
  for (std::uint32_t i = 0; i < kOrders; ++i) orders.push(announcement_of(i));
  worker.step(at(kNow));
  worker.step(at(kNow + Worker<MemoryPort>::kOrderPatience));
  EXPECT_EQ(worker.lost_orders(), LostOrders{});
  worker.step(at(kNow + Worker<MemoryPort>::kOrderPatience + 1ns));
  EXPECT_EQ(worker.lost_orders(), (LostOrders{.announcements = kOrders}));
  EXPECT_EQ(worker.finished_orders(), kOrders);
  EXPECT_FALSE(worker.lingers(kNow));
  port.room = 1;
  orders.push(announcement_of(kOrders));
  worker.step(at(kNow + 1s));
  ASSERT_EQ(port.sent.size(), 1U);
  EXPECT_EQ(announced(port.sent[0]), kOrders);
}

TEST_F(WorkerTest, gives_back_the_frames_of_orders_that_are_refused) {
  Worker<MemoryPort> worker(port, tables(), orders);
  port.room = 1;
  orders.push(announcement_of(1));
  orders.push(announcement_of(2));
  orders.push(announcement_of(3));
  worker.step(at(kNow));
  EXPECT_EQ(port.released, 2U);
}

TEST(Spsc, hands_over_everything_in_order_between_two_threads) {
  Spsc<int, 8> ring;
  constexpr int kItems = 200000;
  std::jthread producer([&] {
    for (int i = 0; i < kItems;) {
      if (ring.push(i)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  for (int expected = 0; expected < kItems;) {
    int got = -1;
    if (ring.pop(got)) {
      ASSERT_EQ(got, expected++);
    } else {
      std::this_thread::yield();
    }
  }
}

TEST(Spsc, refuses_when_full) {
  Spsc<int, 2> ring;
  EXPECT_TRUE(ring.push(1));
  EXPECT_TRUE(ring.push(2));
  EXPECT_FALSE(ring.push(3));
}

TEST(WorkerThread, heart_beats_without_any_frame) {
  std::vector<arpl_slot> slots(8);
  std::vector<arpl_credit> credit(ARPL_MAX_QUEUES);
  arpl_engine_counts counts{};
  const WorkerTables tables{.slots = slots, .credit = credit, .counts = &counts};
  WorkerThread<MemoryPort> service(std::make_unique<MemoryPort>(), tables, BehindIngress{tables},
                                   [](MemoryPort&) {});
  const auto before = service.heartbeat();
  for (int tries = 0; service.heartbeat() == before && tries < 500; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  EXPECT_GT(service.heartbeat(), before);
  service.drain_and_stop();
  const auto ended = service.heartbeat();
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  EXPECT_EQ(service.heartbeat(), ended);
}

// Control withdraws an endpoint after it has ordered an announcement for it.
TEST(WithdrawalThreads, no_order_of_before_is_sent_after_the_acknowledged_boundary) {
  constexpr std::uint32_t kOrders = 1000;
  std::vector<arpl_slot> slots(8);
  std::vector<arpl_credit> credit(ARPL_MAX_QUEUES);
  arpl_engine_counts counts{};
  auto owned = std::make_unique<MemoryPort>();
  auto& port = *owned;
  port.room = 3;
  const WorkerTables tables{.slots = slots, .credit = credit, .counts = &counts};
  WorkerThread<MemoryPort> service(std::move(owned), tables, BehindIngress{tables}, [](MemoryPort&) {});
  for (std::uint32_t i = 0; i < kOrders; ++i) ASSERT_TRUE(service.order(announcement_of(i)));
  service.wake();
  ASSERT_TRUE(service.pass_boundary(std::chrono::seconds{5}));
  EXPECT_EQ(port.sent_count(), kOrders);
  EXPECT_EQ(service.lost_orders(), LostOrders{});
}

// Control withdraws an endpoint while frames arrive: no reply may follow the boundary.
TEST(WithdrawalThreads, no_answer_after_the_acknowledged_boundary) {
  std::vector<arpl_slot> slots(8);
  std::vector<arpl_credit> credit(ARPL_MAX_QUEUES);
  arpl_engine_counts counts{};
  auto owned = std::make_unique<MemoryPort>();
  auto& port = *owned;
  slots[3].word = kChild;
  slots[3].generation = 5;
  const WorkerTables tables{.slots = slots, .credit = credit, .counts = &counts};
  WorkerThread<MemoryPort> service(std::move(owned), tables, BehindIngress{tables}, [](MemoryPort&) {});
  std::jthread wire([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      port.put({.slot = 3, .generation = 5, .time_ns = raw(Clock::now())});
      std::this_thread::sleep_for(std::chrono::microseconds{20});
    }
  });
  while (port.sent_count() < 20) std::this_thread::yield();
  std::atomic_ref<__u64>(slots[3].word).store(0);
  std::atomic_ref<__u32>(slots[3].generation).store(6);
  ASSERT_TRUE(service.pass_boundary(std::chrono::seconds{5}));
  const auto answered = port.sent_count();
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  EXPECT_EQ(port.sent_count(), answered);
  wire.request_stop();
  wire.join();
  service.drain_and_stop();
}

}  // namespace
}  // namespace arpline
