// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace arpline {

struct Frame {
  std::byte* data;      ///< the frame's first byte; an arpl_ring_meta stands in front of a received one
  std::uint32_t len;    ///< bytes; the worker may change it up to kFrameRoomBytes
  std::uint16_t queue;  ///< where it came from and where it goes
  std::uint64_t token;  ///< the port's own: UMEM address or the like
};
using Burst = std::span<Frame>;

/// So many bytes may be written at Frame::data.
inline constexpr std::uint32_t kFrameRoomBytes = 256;

/// All queues of one parent. A port moves frames and nothing else: retrying, counting and deciding are the
/// worker's.
// clang-format off
template <class P>
concept Port = requires(P p, Burst b, std::chrono::milliseconds t, std::uint16_t q) {
  { p.receive(b) } noexcept -> std::same_as<std::size_t>;   // the worker owns them now
  { p.send(b) } noexcept -> std::same_as<std::size_t>;      // takes the first n
  { p.release(b) } noexcept -> std::same_as<void>;          // gives back the rest
  { p.allocate(b) } noexcept -> std::same_as<std::size_t>;  // for announcements
  { p.wait(t) } noexcept -> std::same_as<void>;  // flushes; frame, wake-up or time-out, 250 ms at most
  { p.wake() } noexcept -> std::same_as<void>;   // from any thread
  { p.queues() } noexcept -> std::same_as<std::uint16_t>;
  { p.lost(q) } noexcept -> std::same_as<std::uint64_t>;  // frames lost in front of this queue's ring, ever
};
// clang-format on

/// A port whose frames come straight from the wire: what is not answered goes to the kernel through it.
// clang-format off
template <class P>
concept KernelPort = Port<P> && requires(P p, Burst b) {
  { p.hand_over(b) } noexcept -> std::same_as<void>;  // all of them, those that find no room too
  { p.not_handed_over() } noexcept -> std::same_as<std::uint64_t>;  // these, ever; from any thread
};
// clang-format on

/// The longest wait(): a worker passes a burst boundary at least so often.
inline constexpr std::chrono::milliseconds kLongestWait{250};

}  // namespace arpline
