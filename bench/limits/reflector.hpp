// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <xdp/xsk.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace arpline::limits {

/// The bare AF_XDP reflector, an upper bound for responders on AF_XDP: receives who-has from queue 0, turns
/// them into answers in place and sends them back. It has no table, no policy and no code of arpline's engine.
class Reflector {
 public:
  /// sockets_fd: the XSKMAP of the XDP program.
  Reflector(const std::string& interface, int sockets_fd);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  /// Handles one batch; without one, waits for a frame or a signal, 100 ms at most.
  void step() noexcept;
  /// Frames received and sent back.
  std::uint64_t answered() const noexcept { return answered_; }

 private:
  void close() noexcept;
  void bind(const std::string& interface);
  void give_all_frames();
  void recycle() noexcept;
  void answer(const xdp_desc& frame) const noexcept;
  void send_all() noexcept;

  void* memory_ = nullptr;
  xsk_umem* umem_ = nullptr;
  xsk_socket* socket_ = nullptr;
  xsk_ring_prod fill_{};
  xsk_ring_cons completion_{};
  xsk_ring_cons rx_{};
  xsk_ring_prod tx_{};
  std::uint64_t answered_ = 0;
};

}  // namespace arpline::limits
