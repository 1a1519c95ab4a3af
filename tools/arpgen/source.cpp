// SPDX-License-Identifier: Apache-2.0
#include "arpgen/source.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "arpgen/maker.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/shared_word.hpp"
#include "port/packet.hpp"
#include "port/xsk.hpp"

namespace arpline::gen {
namespace {

constexpr std::size_t kBurst = 64;
// A frame that the interface has not taken by then is lost.
constexpr std::uint64_t kPatienceNs = 100'000'000;
// The longest sleep, so that the end of a run is noticed in time; and the shortest one that is worth a system
// call.
constexpr std::uint64_t kLongestSleepNs = 10'000'000;
constexpr std::uint64_t kShortestSleepNs = 100'000;
static_assert(kFrameRoomBytes >= ARPGEN_MAX_FRAME_BYTES);

class LiveSource : public Source {
 public:
  explicit LiveSource(Programs& programs) : programs_(programs) {}
  void run(const arpgen_pace& pace) override { programs_.generate(pace); }

 private:
  Programs& programs_;
};

template <Port P>
class PortSource : public Source {
 public:
  template <class... Arguments>
  PortSource(const Plan& plan, const Tables& tables, Arguments&&... arguments)
      : tables_(tables), maker_(plan, tables_), port_(std::forward<Arguments>(arguments)...) {}

  void run(const arpgen_pace& pace) override {
    while (relaxed_load(tables_.progress->ended_at) == 0) {
      if (!send_what_is_due(pace)) pause(pace);
    }
  }

 private:
  bool send_what_is_due(const arpgen_pace& pace) {
    std::array<Frame, kBurst> frames;
    const Burst room{frames.data(), port_.allocate(frames)};
    std::size_t count = 0;
    while (count < room.size() && make_one(pace, room[count])) ++count;
    if (count > 0) push(room.first(count));
    port_.release(room.subspan(count));
    return count > 0;
  }

  // The request is noted before it is sent, because its answer could come in first otherwise.
  bool make_one(const arpgen_pace& pace, Frame& frame) {
    auto& progress = *tables_.progress;
    const auto now = raw(Clock::now());
    if (arpgen_turn(&pace, &progress, relaxed_load(*tables_.settled), now) != ARPGEN_SEND) return false;
    const auto made = maker_.make(progress.next_index, arpgen_due(&pace, &progress, now),
                                  reinterpret_cast<std::uint8_t*>(frame.data));
    frame.len = made.bytes;
    const auto quantile = tables_.exponential[arpgen_quantile(pace.seed, progress.next_index)];
    arpgen_advance(&pace, &progress, made.asks ? 1 : 0, quantile);
    return true;
  }

  void push(Burst burst) {
    const auto give_up = raw(Clock::now()) + kPatienceNs;
    burst = burst.subspan(port_.send(burst));
    while (!burst.empty() && raw(Clock::now()) < give_up) {
      port_.wait(std::chrono::milliseconds{1});
      burst = burst.subspan(port_.send(burst));
    }
    port_.release(burst);
  }

  // Sleeps until shortly before the next due time, if there is one; the caller spins for the rest.
  void pause(const arpgen_pace& pace) const {
    const auto now = raw(Clock::now());
    const std::uint64_t due = pace.window != 0 ? now : arpgen_due(&pace, tables_.progress, now);
    if (due < now + kShortestSleepNs) return;
    const auto longest = std::min(due - now - kShortestSleepNs, kLongestSleepNs);
    std::this_thread::sleep_for(std::chrono::nanoseconds{longest});
  }

  Tables tables_;
  Maker maker_;
  P port_;
};

}  // namespace

std::unique_ptr<Source> make_source(const std::string& name, const std::string& interface, const Plan& plan,
                                    Programs& programs) {
  const auto tables = programs.tables();
  if (name == "live") return std::make_unique<LiveSource>(programs);
  if (name == "xsk") return std::make_unique<PortSource<XskPort>>(plan, tables, interface, 1, 1);
  if (name == "packet") return std::make_unique<PortSource<PacketPort>>(plan, tables, interface);
  throw SetupError("no source is called " + name + "; there are live, xsk and packet");
}

}  // namespace arpline::gen
