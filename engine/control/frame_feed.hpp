// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "control/event_loop.hpp"
#include "control/frame_names.hpp"
#include "control/parent_state.hpp"
#include "kernel/watched_programs.hpp"
#include "report/watched.hpp"

namespace arpline {

/// Tells the watchers of one parent about its frames. With the first watcher the programs that watch take the
/// place of the others, and within a second after the last one has left they are gone again. A watcher that
/// reads too slowly misses frames, which are counted; nothing waits for it.
class FrameFeed {
 public:
  static constexpr std::size_t kMostUnread = 256 << 10;  ///< bytes, for each watcher
  static constexpr int kMostAtOnce = 256;                ///< frames taken from the ring in one turn

  /// All arguments outlive it.
  FrameFeed(const ParentState& state, Programs& programs, const EndpointRegistry& registry, EventLoop& loop);
  FrameFeed(const FrameFeed&) = delete;
  FrameFeed& operator=(const FrameFeed&) = delete;
  /// Puts the parent's own programs back.
  ~FrameFeed();

  /// Throws SetupError when there are ARPL_WATCHERS watchers already, or when the request makes no sense.
  void check(const WatchRequest& wanted) const;
  /// Takes over the connection of a client, which is hung up on when there is no place for it.
  void add(Fd client, WatchRequest wanted);
  /// Tells the watchers how much was left out, and follows the names of containers. Four times a second.
  void tick();

 private:
  struct Watcher {
    Fd fd;
    WatchRequest wanted;
    std::string unread{};
    std::uint64_t lost = 0;     // frames for which there was no room in `unread`
    std::uint64_t counted = 0;  // of the programs' left_out, told or from before its time
    bool by_name = false;       // more containers match than a filter has places for
    EventLoop::Source source{};
  };
  using Watchers = std::array<std::optional<Watcher>, ARPL_WATCHERS>;

  void load();
  void on_loaded();
  void leave();
  void begin(std::size_t number);
  void fill_filter(std::size_t number);
  void drop(std::size_t number);
  void refuse(const std::string& why);
  void drain();
  void on_frame(const arpl_watched_frame& record, Instant now, std::uint64_t ahead_ns);
  static bool takes(const Watcher& watcher, const WatchedFrame& frame);
  static bool put(Watcher& watcher, const std::string& line);
  void on_client(std::size_t number, std::uint32_t events);
  void write_some(std::size_t number);

  const ParentState& state_;
  Programs& programs_;
  FrameNames names_;
  EventLoop& loop_;
  Watchers watchers_;
  Fd loaded_event_;
  std::future<std::unique_ptr<WatchedPrograms>> loading_;
  EventLoop::Source loaded_source_;
  std::unique_ptr<WatchedPrograms> watched_;  // while they are attached
  EventLoop::Source frames_;
  std::uint64_t ticks_ = 0;  // each watcher's names of containers are looked up in every fourth
};

}  // namespace arpline
