// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.hpp"

struct limit_bpf;

namespace arpline::limits {

enum class Mode { xdp_tx, xdp_tx_hash, xdp_tx_index, to_child, af_xdp, pass, drop };

/// The children's addresses and MACs, each range consecutive; at most ARPL_MAX_ENDPOINTS for the modes that
/// look them up.
struct Children {
  std::uint32_t first_ip = 0;   ///< host order
  std::uint64_t first_mac = 0;  ///< the six bytes as one number, first byte highest
  std::uint32_t count = 0;
};

/// One mode's XDP program. The link is not pinned, so it ends with the process in any case.
class Program {
 public:
  Program(Mode mode, const Children& children);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void attach(const std::string& interface);
  int sockets_fd() const;         ///< the XSKMAP for the AF_XDP socket
  std::uint64_t handled() const;  ///< frames, over all CPUs

 private:
  void fill_hash(const Children& children);
  void fill_index(const Children& children);

  limit_bpf* skeleton_ = nullptr;
  Mode mode_;
  Fd link_;
};

}  // namespace arpline::limits
