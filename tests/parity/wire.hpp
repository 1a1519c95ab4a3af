// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "packet/frame.hpp"

namespace arpline::parity {

/// One end of a wire: what is sent here arrives at the other end, tags within the frame.
class WireEnd {
 public:
  explicit WireEnd(const std::string& interface);
  void send(const packet::Bytes& frame);
  /// What has arrived, up to the next mark(), which is waited for. Throws SetupError after a second without.
  std::vector<packet::Bytes> until_mark();
  /// Sends a frame that is no ARP, behind all that was sent before.
  void mark();

 private:
  packet::Bytes next();

  Fd socket_;
};

/// A veth pair in the namespace of the calling thread. `program_fd` stands at the parent's end, and one that
/// lets everything pass at the peer's: without it no XDP_TX arrives there. Gone with the namespace.
struct Wire {
  explicit Wire(int program_fd);
  static constexpr const char* kParent = "wire0";
  static constexpr const char* kPeer = "wire1";

  WireEnd parent;
  WireEnd peer;
};

}  // namespace arpline::parity
