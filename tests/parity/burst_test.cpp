// SPDX-License-Identifier: Apache-2.0
// The engine prefetches within a burst; the verdicts must be the same as for single frames.
#include <gtest/gtest.h>

#include <cstring>

#include "packet/check.hpp"
#include "packet/cpp_runner.hpp"
#include "parity/mutator.hpp"
#include "worker/engine_ingress.hpp"

namespace arpline::parity {
namespace {

constexpr std::size_t kFrames = 100;  // more than the engine prefetches at once

/// Frames in memory, and the wire stage with tables of its own.
struct Lane {
  void begin(const packet::State& state) {
    runner.install(state);
    rooms.clear();
    frames.clear();
  }
  void put(const packet::Bytes& bytes) {
    auto& room = rooms.emplace_back(std::max<std::size_t>(bytes.size(), kFrameRoomBytes));
    std::ranges::copy(bytes, room.begin());
    frames.push_back({.data = reinterpret_cast<std::byte*>(room.data()),
                      .len = static_cast<std::uint32_t>(bytes.size()),
                      .queue = 0,
                      .token = 0});
  }

  packet::CppRunner runner;
  EngineIngress front{runner.tables()};
  std::vector<packet::Bytes> rooms;
  std::vector<Frame> frames;
};

TEST(ABurst, becomes_what_its_frames_become_one_by_one) {
  Mutator mutator(1);
  Lane together;
  Lane alone;
  for (const auto& row : packet::rows()) {
    together.begin(row.state);
    alone.begin(row.state);
    for (std::size_t i = 0; i < kFrames; ++i) {
      const auto bytes = i == 0 ? packet::build(row.frame) : mutator.frame(row);
      together.put(bytes);
      alone.put(bytes);
    }
    std::vector<Outcome> outcomes(kFrames);
    together.front.classify(together.frames, instant_from_raw(together.runner.now()), outcomes);
    for (std::size_t i = 0; i < kFrames; ++i) {
      FrameView view;
      EXPECT_EQ(alone.front.classify(alone.frames[i], instant_from_raw(alone.runner.now()), view), outcomes[i])
          << row.name;
      EXPECT_EQ(alone.frames[i].len, together.frames[i].len) << row.name;
    }
    EXPECT_EQ(alone.rooms, together.rooms) << row.name;
    const auto& a = alone.runner.memory().verdicts;
    EXPECT_EQ(std::memcmp(&a, &together.runner.memory().verdicts, sizeof a), 0) << row.name;
  }
}

}  // namespace
}  // namespace arpline::parity
