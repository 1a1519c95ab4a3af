// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace arpline {

struct Frame {
  std::byte* data;      ///< the frame's first byte; in front of a received frame lies an arpl_ring_meta
  std::uint32_t len;    ///< bytes; the worker may change it, up to kFrameRoomBytes
  std::uint16_t queue;  ///< the queue that received it and will send it
  std::uint64_t token;  ///< private to the port, for example a UMEM address
};
using Burst = std::span<Frame>;

/// The worker may write so many bytes at Frame::data.
inline constexpr std::uint32_t kFrameRoomBytes = 256;

/// Moves the frames of all queues of one parent. The worker retries, counts and decides.
// clang-format off
template <class P>
concept Port = requires(P p, Burst b, std::chrono::milliseconds t, std::uint16_t q) {
  { p.receive(b) } noexcept -> std::same_as<std::size_t>;   // the worker owns them then
  { p.send(b) } noexcept -> std::same_as<std::size_t>;      // takes the first n
  { p.release(b) } noexcept -> std::same_as<void>;          // gives frames back unsent
  { p.allocate(b) } noexcept -> std::same_as<std::size_t>;  // for announcements
  { p.wait(t) } noexcept -> std::same_as<void>;  // flushes; until a frame, wake() or kLongestWait
  { p.wake() } noexcept -> std::same_as<void>;   // from any thread
  { p.queues() } noexcept -> std::same_as<std::uint16_t>;
  { p.lost(q) } noexcept -> std::same_as<std::uint64_t>;  // total lost in front of this queue's ring
};
// clang-format on

/// A port that gets its frames from the wire without the kernel; it hands those that are not answered to the
/// kernel.
// clang-format off
template <class P>
concept KernelPort = Port<P> && requires(P p, Burst b) {
  { p.hand_over(b) } noexcept -> std::same_as<void>;  // takes all; frees those without room
  { p.not_handed_over() } noexcept -> std::same_as<std::uint64_t>;  // total without room; from any thread
};
// clang-format on

/// The longest wait(), and so the longest time between two burst boundaries of an idle worker.
inline constexpr std::chrono::milliseconds kLongestWait{250};

}  // namespace arpline
