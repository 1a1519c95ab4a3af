// SPDX-License-Identifier: Apache-2.0
// The port "ethdev" over DPDK devices that need no hardware.
#include "port/ethdev.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "packet/frame.hpp"
#include "parity/capture.hpp"
#include "parity/ethdev_rings.hpp"
#include "port/ethdev_eal.hpp"

namespace arpline::parity {
namespace {

using packet::build;

constexpr std::size_t kRingRoom = 1023;

Bytes bytes_of(const Frame& frame) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(frame.data);
  return {bytes, bytes + frame.len};
}

Bytes who_has_from(int last) {
  return build({.sender_ip = packet::ip(10, 1, 0, last)});
}

class EthdevPortTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "DPDK's memory needs root";
    start_eal();
  }
};

/// A port over ring devices, optionally with a second one for the kernel.
struct Ringed {
  explicit Ringed(std::uint16_t queues = 1, bool with_kernel = false)
      : wire(queues),
        port({.device = wire.name(),
              .rings_of = {},
              .queues = queues,
              .kernel = with_kernel ? kernel.name() : std::string{}}) {
    port.enable();
  }
  std::size_t receive() { return port.receive(burst); }
  Burst first(std::size_t n) { return Burst{burst}.first(n); }

  EthdevRings wire;
  EthdevRings kernel{1};
  EthdevPort port;
  std::array<Frame, 64> burst{};
};

TEST_F(EthdevPortTest, brings_a_frame_in_and_sends_it_as_it_is) {
  Ringed r;
  EXPECT_EQ(r.receive(), 0U);
  r.wire.put(0, who_has_from(9));
  ASSERT_EQ(r.receive(), 1U);
  EXPECT_EQ(bytes_of(r.burst[0]), who_has_from(9));
  EXPECT_EQ(r.port.send(r.first(1)), 1U);
  EXPECT_EQ(r.wire.take(), who_has_from(9));
  EXPECT_EQ(r.wire.held(), 0U);
}

TEST_F(EthdevPortTest, sends_as_many_bytes_as_the_worker_has_made_of_it) {
  for (const std::uint32_t length : {42U, 60U, 128U}) {
    Ringed r;
    r.wire.put(0, who_has_from(9));
    ASSERT_EQ(r.receive(), 1U);
    std::fill_n(r.burst[0].data, length, std::byte{7});
    r.burst[0].len = length;
    r.port.send(r.first(1));
    EXPECT_EQ(r.wire.take(), Bytes(length, 7));
  }
}

TEST_F(EthdevPortTest, brings_no_more_than_a_burst_and_the_rest_later_in_order) {
  Ringed r;
  for (int i = 0; i < 100; ++i) r.wire.put(0, who_has_from(i));
  ASSERT_EQ(r.receive(), r.burst.size());
  for (std::size_t i = 0; i < r.burst.size(); ++i)
    EXPECT_EQ(bytes_of(r.burst.at(i)), who_has_from(static_cast<int>(i)));
  r.port.release(r.burst);
  EXPECT_EQ(r.receive(), 100 - r.burst.size());
  r.port.release(r.first(100 - r.burst.size()));
  EXPECT_EQ(r.wire.held(), 0U);
}

TEST_F(EthdevPortTest, sends_on_the_queue_that_a_frame_came_from) {
  Ringed r(2);
  ASSERT_EQ(r.port.queues(), 2);
  r.wire.put(0, who_has_from(10));
  r.wire.put(1, who_has_from(11));
  ASSERT_EQ(r.receive(), 2U);
  EXPECT_EQ(r.port.send(r.first(2)), 2U);
  for (int i = 0; i < 2; ++i) {
    const auto sent = r.wire.take();
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent, who_has_from(10 + r.wire.taken_from()));
  }
}

TEST_F(EthdevPortTest, asks_every_queue_in_turn_while_one_is_never_empty) {
  Ringed r(2);
  for (int i = 0; i < 200; ++i) r.wire.put(0, who_has_from(1));
  r.wire.put(1, who_has_from(2));
  bool seen = false;
  for (int i = 0; i < 2; ++i) {
    const auto n = r.receive();
    seen = seen || std::ranges::any_of(r.first(n), [](const Frame& frame) { return frame.queue == 1; });
    r.port.release(r.first(n));
  }
  EXPECT_TRUE(seen);
}

TEST_F(EthdevPortTest, sends_the_first_ones_when_there_is_no_room_for_all) {
  Ringed r;
  std::size_t sent = 0;
  std::size_t n = 0;
  while (true) {
    n = r.port.allocate(r.burst);
    ASSERT_EQ(n, r.burst.size());
    const auto taken = r.port.send(r.burst);
    sent += taken;
    r.port.release(r.first(n).subspan(taken));
    if (taken < n) break;
  }
  EXPECT_EQ(sent, kRingRoom);
}

TEST_F(EthdevPortTest, allocates_from_its_own_frames_and_takes_them_back) {
  Ringed r;
  const auto before = free_frames(r.wire.name());
  ASSERT_EQ(r.port.allocate(r.burst), r.burst.size());
  EXPECT_EQ(free_frames(r.wire.name()), before - r.burst.size());
  std::fill_n(r.burst[0].data, kFrameRoomBytes, std::byte{1});
  r.port.release(r.burst);
  EXPECT_EQ(free_frames(r.wire.name()), before);
}

TEST_F(EthdevPortTest, allocates_no_more_than_there_are) {
  Ringed r;
  std::vector<Frame> all(free_frames(r.wire.name()) + 1);
  const auto n = r.port.allocate(all);
  EXPECT_EQ(n, all.size() - 1);
  EXPECT_EQ(r.port.allocate(r.burst), 0U);
  r.port.release(Burst{all}.first(n));
  EXPECT_EQ(free_frames(r.wire.name()), n);
}

TEST_F(EthdevPortTest, drops_what_is_the_kernels_without_a_device_for_it) {
  Ringed r;
  r.wire.put(0, who_has_from(9));
  ASSERT_EQ(r.receive(), 1U);
  r.port.hand_over(r.first(1));
  EXPECT_EQ(r.port.not_handed_over(), 1U);
  EXPECT_EQ(r.wire.held(), 0U);
}

TEST_F(EthdevPortTest, hands_over_to_the_kernels_device_what_that_takes) {
  Ringed r(1, true);
  const auto before = free_frames(r.wire.name());
  for (int i = 0; i < 17; ++i) {
    ASSERT_EQ(r.port.allocate(r.burst), r.burst.size());
    for (auto& frame : r.burst) frame.len = 60;
    r.port.hand_over(r.burst);
  }
  EXPECT_EQ(r.port.not_handed_over(), 17 * r.burst.size() - kRingRoom);
  EXPECT_EQ(free_frames(r.wire.name()), before - kRingRoom);
  std::size_t taken = 0;
  while (r.kernel.take()) ++taken;
  EXPECT_EQ(taken, kRingRoom);
  EXPECT_FALSE(r.wire.take());
}

TEST_F(EthdevPortTest, probes_a_device_and_takes_it_away_again) {
  {
    EthdevPort port({.device = "net_null0,size=64", .rings_of = {}, .queues = 1, .kernel = {}});
    port.enable();
    const auto before = free_frames("net_null0");
    std::array<Frame, 64> burst{};
    ASSERT_EQ(port.receive(burst), burst.size());
    EXPECT_EQ(burst[0].len, 64U);
    EXPECT_EQ(port.send(burst), burst.size());
    EXPECT_EQ(free_frames("net_null0"), before);
  }
  EXPECT_FALSE(is_there("net_null0"));
}

TEST_F(EthdevPortTest, has_no_more_queues_than_the_device) {
  EthdevRings wire(1);
  const EthdevPort port({.device = wire.name(), .rings_of = {}, .queues = 4, .kernel = {}});
  EXPECT_EQ(port.queues(), 1);
}

TEST_F(EthdevPortTest, reads_a_capture_and_writes_another) {
  const auto folder = std::filesystem::temp_directory_path() / ("arpline-parity-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  write_capture(folder / "in.pcap", {who_has_from(1), who_has_from(2), who_has_from(3)});
  {
    EthdevPort port({.device = "net_pcap0,rx_pcap=" + (folder / "in.pcap").string() +
                               ",tx_pcap=" + (folder / "out.pcap").string(),
                     .rings_of = {},
                     .queues = 1,
                     .kernel = {}});
    port.enable();
    std::array<Frame, 64> burst{};
    ASSERT_EQ(port.receive(burst), 3U);
    EXPECT_EQ(bytes_of(burst[2]), who_has_from(3));
    burst[1].len = 42;
    EXPECT_EQ(port.send(Burst{burst}.first(2)), 2U);
    port.release(Burst{burst}.subspan(2, 1));
    EXPECT_EQ(port.receive(burst), 0U);
  }
  auto cut = who_has_from(2);
  cut.resize(42);
  EXPECT_EQ(read_capture(folder / "out.pcap"), (std::vector<Bytes>{who_has_from(1), cut}));
  std::filesystem::remove_all(folder);
}

TEST_F(EthdevPortTest, says_which_device_there_is_not) {
  try {
    const EthdevPort port({.device = "net_nothing0", .rings_of = {}, .queues = 1, .kernel = {}});
    ADD_FAILURE() << "there is none";
  } catch (const SetupError& error) {
    EXPECT_NE(std::string{error.what()}.find("net_nothing0"), std::string::npos) << error.what();
  }
}

using Words = std::vector<std::string>;

bool has(const Words& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

TEST(EalArguments, never_take_a_pci_device_that_nobody_named) {
  EXPECT_TRUE(has(default_eal_arguments({}, {"net_null0", "net_af_xdp"}, false), "--no-pci"));
  const auto named = default_eal_arguments({}, {"0000:03:00.0"}, false);
  EXPECT_TRUE(has(named, "--allow=0000:03:00.0"));
  EXPECT_FALSE(has(named, "--no-pci"));
}

TEST(EalArguments, use_huge_pages_where_there_are_some) {
  EXPECT_TRUE(has(default_eal_arguments({}, {}, true), "--in-memory"));
  EXPECT_FALSE(has(default_eal_arguments({}, {}, true), "--no-huge"));
  EXPECT_TRUE(has(default_eal_arguments({}, {}, false), "--no-huge"));
}

TEST(EalArguments, are_the_users_where_he_gives_some) {
  EXPECT_EQ(default_eal_arguments({"--file-prefix=x", "--no-huge", "-a", "0000:03:00.0"}, {}, true), Words{});
  const auto more_memory = default_eal_arguments({"-m", "64"}, {}, false);
  EXPECT_FALSE(has(more_memory, "-m512"));
  EXPECT_TRUE(has(more_memory, "--no-huge"));
}

// In a child process, because a process can initialize the EAL only once.
TEST(EalArgumentsDeathTest, that_dpdk_refuses_are_one_error_with_its_reason) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto start = [] {
    try {
      const Eal eal({"--no-such-thing"}, {});
    } catch (const SetupError& error) {
      std::fputs(error.what(), stderr);
      std::exit(3);
    }
  };
  EXPECT_EXIT(start(), testing::ExitedWithCode(3), "^start DPDK's EAL: .*no-such-thing[^\n]*see `eal`[^\n]*$");
}

}  // namespace
}  // namespace arpline::parity
