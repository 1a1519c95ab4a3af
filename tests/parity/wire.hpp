// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "packet/frame.hpp"

namespace arpline::parity {

/// One end of a wire: frames sent here arrive at the other end with their tags.
class WireEnd {
 public:
  explicit WireEnd(const std::string& interface);
  void send(const packet::Bytes& frame);
  /// Waits for the mark and returns the frames that arrived before. Throws SetupError after a second without
  /// one.
  std::vector<packet::Bytes> until_mark();
  /// Sends a frame other than ARP that follows all frames sent so far.
  void mark();

 private:
  packet::Bytes next();

  Fd socket_;
};

/// A veth pair in the calling thread's namespace, which removes it. `program_fd` is attached to the parent's
/// end. The peer's end gets a program that passes everything, because XDP_TX reaches only a veth with a
/// program.
struct Wire {
  explicit Wire(int program_fd);
  static constexpr const char* kParent = "wire0";
  static constexpr const char* kPeer = "wire1";

  WireEnd parent;
  WireEnd peer;
};

}  // namespace arpline::parity
