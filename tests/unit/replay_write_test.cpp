// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/write.hpp"

#include <gtest/gtest.h>

#include <array>

#include "arpline/replay/capture.hpp"
#include "base/error.hpp"
#include "base/output.hpp"
#include "unit/replay_files.hpp"

namespace arpline::replay {
namespace {

using packet::Bytes;

constexpr std::array<std::string_view, 2> kInterfaces{"in", "out"};
constexpr std::uint64_t kTime = 1'700'000'000'123'456'789;

std::span<const std::byte> raw(const Bytes& bytes) {
  return std::as_bytes(std::span{bytes});
}

TEST(ReplayWriteTest, the_bytes_are_the_formats) {
  const ScratchFile scratch;
  constexpr std::array<std::string_view, 1> one{"x"};
  OutputFile output{scratch.path()};
  Writer writer{output.file(), output.path(), one};
  writer.frame(0, 0x0102030405060708, raw({1, 2, 3, 4, 5}), 9, "why");
  writer.finish();
  output.commit();
  const auto file = scratch.read();
  ASSERT_GT(file.size(), 28U);
  const std::size_t section = file.at(4);  // its length, below 256
  const auto expected = Ordered{}          // interface: Ethernet, no limit, its name, nanoseconds
                            .u32(1)
                            .u32(36)
                            .u16(1)
                            .u16(0)
                            .u32(0)
                            .u16(2)
                            .u16(1)
                            .raw({'x'})
                            .u16(9)
                            .u16(1)
                            .raw({9})
                            .u32(36)
                            // frame: interface, time, captured and original length, bytes, comment
                            .u32(6)
                            .u32(48)
                            .u32(0)
                            .u32(0x01020304)
                            .u32(0x05060708)
                            .u32(5)
                            .u32(9)
                            .raw({1, 2, 3, 4, 5})
                            .u16(1)
                            .u16(3)
                            .raw({'w', 'h', 'y'})
                            .u32(48)
                            .bytes;
  EXPECT_EQ(Bytes(file.begin() + static_cast<std::ptrdiff_t>(section), file.end()), expected);
}

TEST(ReplayWriteTest, libpcap_reads_it) {
  const ScratchFile scratch;
  OutputFile output{scratch.path()};
  Writer writer{output.file(), output.path(), kInterfaces};
  const auto asked = packet::build({});
  const auto answered = packet::kernel_reply({}, packet::endpoint_mac);
  writer.frame(0, kTime, raw(asked), 64, "reflect: a word");
  writer.frame(1, kTime, raw(answered), 42);
  writer.finish();
  output.commit();
  Capture capture{scratch.path()};
  Captured frame;
  ASSERT_TRUE(capture.next(frame));
  EXPECT_EQ(frame.time_ns, kTime);
  EXPECT_EQ(frame.wire_bytes, 64U);
  EXPECT_TRUE(std::ranges::equal(frame.bytes, raw(asked)));
  ASSERT_TRUE(capture.next(frame));
  EXPECT_EQ(frame.time_ns, kTime);
  EXPECT_TRUE(std::ranges::equal(frame.bytes, raw(answered)));
  EXPECT_FALSE(capture.next(frame));
}

TEST(ReplayWriteTest, what_cannot_be_written_is_told) {
  OutputFile full{"/dev/full"};
  Writer writer{full.file(), full.path(), kInterfaces};
  EXPECT_THROW(writer.finish(), SetupError);
}

}  // namespace
}  // namespace arpline::replay
