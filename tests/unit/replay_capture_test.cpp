// SPDX-License-Identifier: Apache-2.0
#include "arpline/replay/capture.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.hpp"
#include "unit/replay_files.hpp"

namespace arpline::replay {
namespace {

using packet::Bytes;

constexpr std::uint32_t kEthernet = 1;
constexpr std::uint64_t kSecond = 1'000'000'000;

Bytes block(bool big, std::uint32_t type, const Bytes& body) {
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  return Ordered{big}.u32(type).u32(length).raw(body).u32(length).bytes;
}

Bytes section(bool big) {
  return block(big, 0x0a0d0d0a, Ordered{big}.u32(0x1a2b3c4d).u16(1).u16(0).u64(~0ULL).bytes);
}

Bytes interface(bool big, std::uint32_t link, const Bytes& options = {}) {
  return block(big, 1, Ordered{big}.u16(static_cast<std::uint16_t>(link)).u16(0).u32(0).raw(options).bytes);
}

Bytes packet_on(bool big, std::uint32_t number, std::uint64_t ticks, const Bytes& frame) {
  const auto length = static_cast<std::uint32_t>(frame.size());
  return block(big, 6,
               Ordered{big}
                   .u32(number)
                   .u32(static_cast<std::uint32_t>(ticks >> 32U))
                   .u32(static_cast<std::uint32_t>(ticks))
                   .u32(length)
                   .u32(length)
                   .raw(frame)
                   .bytes);
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes classic(bool big, std::uint32_t magic, std::uint32_t link, std::uint32_t fraction) {
  const auto frame = packet::build({});
  return Ordered{big}
      .u32(magic)
      .u16(2)
      .u16(4)
      .u32(0)
      .u32(0)
      .u32(65535)
      .u32(link)
      .u32(7)
      .u32(fraction)
      .u32(60)
      .u32(64)
      .raw(frame)
      .bytes;
}

std::vector<std::uint64_t> times_of(const Bytes& file) {
  const ScratchFile scratch;
  scratch.write(file);
  Capture capture{scratch.path()};
  std::vector<std::uint64_t> times;
  for (Captured frame; capture.next(frame);) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(frame.bytes.data());
    EXPECT_EQ(Bytes(bytes, bytes + frame.bytes.size()), packet::build({}));
    times.push_back(frame.time_ns);
  }
  return times;
}

using Times = std::vector<std::uint64_t>;

// The error's text after the file name; the error is one line.
std::string refusal_of(const Bytes& file) {
  const ScratchFile scratch;
  scratch.write(file);
  try {
    Capture capture{scratch.path()};
    for (Captured frame; capture.next(frame);) {
    }
  } catch (const SetupError& error) {
    const std::string text{error.what()};
    EXPECT_TRUE(text.starts_with(scratch.path() + ": ")) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text.substr(scratch.path().size() + 2);
  }
  return "taken";
}

TEST(ReplayCaptureTest, classic_files_of_both_byte_orders_and_resolutions_are_read) {
  for (const bool big : {false, true}) {
    EXPECT_EQ(times_of(classic(big, 0xa1b2c3d4, kEthernet, 5)), Times{7 * kSecond + 5000}) << big;
    EXPECT_EQ(times_of(classic(big, 0xa1b23c4d, kEthernet, 5)), Times{7 * kSecond + 5}) << big;
  }
}

TEST(ReplayCaptureTest, the_length_on_the_wire_is_kept) {
  const ScratchFile scratch;
  scratch.write(classic(false, 0xa1b2c3d4, kEthernet, 0));
  Capture capture{scratch.path()};
  Captured frame;
  ASSERT_TRUE(capture.next(frame));
  EXPECT_EQ(frame.bytes.size(), 60U);
  EXPECT_EQ(frame.wire_bytes, 64U);
}

TEST(ReplayCaptureTest, pcapng_of_both_byte_orders_is_read) {
  const auto frame = packet::build({});
  for (const bool big : {false, true}) {
    EXPECT_EQ(times_of(joined({section(big), interface(big, kEthernet), packet_on(big, 0, 7'000'005, frame)})),
              Times{7 * kSecond + 5000})
        << big;
  }
}

TEST(ReplayCaptureTest, each_interface_has_its_own_resolution_and_offset) {
  const auto frame = packet::build({});
  const auto nanoseconds = Ordered{}.u16(9).u16(1).raw({9}).bytes;
  const auto halves = Ordered{}.u16(9).u16(1).raw({0x81}).bytes;  // 2^-1 s
  const auto later = Ordered{}.u16(14).u16(8).u64(100).bytes;
  EXPECT_EQ(times_of(joined({section(false), interface(false, kEthernet, nanoseconds),
                             interface(false, kEthernet, halves), interface(false, kEthernet, later),
                             packet_on(false, 0, 5, frame), packet_on(false, 1, 3, frame),
                             packet_on(false, 2, 2, frame)})),
            (Times{5, kSecond + kSecond / 2, 100 * kSecond + 2000}));
}

TEST(ReplayCaptureTest, simple_packet_blocks_have_no_time) {
  const auto simple = block(false, 3, Ordered{}.u32(60).raw(packet::build({})).bytes);
  EXPECT_EQ(times_of(joined({section(false), interface(false, kEthernet), simple})), Times{0});
}

TEST(ReplayCaptureTest, other_links_are_refused_by_name) {
  EXPECT_NE(refusal_of(classic(false, 0xa1b2c3d4, 113, 0)).find("LINUX_SLL"), std::string::npos);
  EXPECT_NE(
      refusal_of(joined({section(false), interface(false, kEthernet), interface(false, 113)})).find("113"),
      std::string::npos);
}

TEST(ReplayCaptureTest, a_file_that_ends_in_a_frame_is_refused_with_the_place) {
  auto file = classic(false, 0xa1b2c3d4, kEthernet, 0);
  file.resize(file.size() - 1);
  EXPECT_TRUE(refusal_of(file).starts_with("after frame 0, at byte 99: truncated"));
  const auto frame = packet::build({});
  file = joined({section(false), interface(false, kEthernet), packet_on(false, 0, 1, frame),
                 packet_on(false, 0, 2, frame)});
  file.resize(file.size() - 10);
  EXPECT_TRUE(refusal_of(file).starts_with("after frame 1, at byte")) << refusal_of(file);
}

TEST(ReplayCaptureTest, no_prefix_of_a_capture_breaks_anything) {
  const auto frame = packet::build({});
  const auto whole = joined({section(false), interface(false, kEthernet), packet_on(false, 0, 1, frame)});
  const auto headers = joined({section(false), interface(false, kEthernet)}).size();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto said = refusal_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)});
    EXPECT_EQ(said == "taken", bytes == headers) << bytes << ": " << said;
  }
}

TEST(ReplayCaptureTest, what_is_no_capture_is_refused) {
  EXPECT_EQ(refusal_of({'h', 'e', 'l', 'l', 'o', ' ', 'w', 'o', 'r', 'l', 'd'}), "unknown file format");
  EXPECT_THROW(Capture{"/nonexistent/file"}, SetupError);
}

}  // namespace
}  // namespace arpline::replay
