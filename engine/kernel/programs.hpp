// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/fd.hpp"
#include "base/foreign_text.hpp"
#include "kernel/link.hpp"
#include "kernel/maps.hpp"
#include "kernel/netlink.hpp"
#include "kernel/tc.hpp"

struct arpline_bpf;
struct bpf_program;

namespace arpline {

enum class IngressProgram {
  ours,
  for_net_af_xdp,  ///< under the name by which DPDK's driver knows a program that serves its sockets
  none             ///< egress alone
};

struct ProgramOptions {
  ForeignText parent;
  int ifindex = 0;
  std::string folder;  ///< of the pins; made by prepare_pin_folder()
  bool generic_xdp = false;
  IngressProgram ingress = IngressProgram::ours;
};

/// The two BPF programs and their maps on one parent. Loading takes over the maps that an earlier run left
/// pinned, when their ABI version is ours, and makes new ones beside them when it is not; attaching swaps the
/// programs without a gap, and then the pins.
class Programs {
 public:
  /// Loads; attaches nothing. Throws SetupError.
  explicit Programs(ProgramOptions options);
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs();

  /// What can be known without loading anything: whether somebody else's XDP program is on the parent, whether
  /// its driver has native XDP, whether there is room for the egress filter. Throws SetupError.
  static void check(const ProgramOptions& options, const LinkInfo& link);

  /// Attaches both, XDP first: there can be one only, so that whoever has it is alone. Pins link and maps.
  /// Throws SetupError after give_up().
  void attach();

  /// Takes back what this run has made. What an earlier run left attached stays, and passes everything.
  void give_up() noexcept;

  /// Takes everything off the parent: nothing stays attached or pinned.
  void detach() noexcept;

  /// Whether our filter is at clsact egress. Throws SetupError.
  bool has_egress() { return arpline::has_egress(route_, options_.ifindex, egress_id_); }
  /// Puts it there again after somebody has removed it. Throws SetupError.
  void attach_egress();

  /// Whether our XDP program is still on the parent; false after somebody detached it or the parent is gone.
  bool attached() const noexcept;

  const Maps& maps() const noexcept { return *maps_; }
  bool took_over() const noexcept { return took_over_; }
  /// The earlier run's XDP program was attached in another way than is wanted now, and had to be taken off
  /// first.
  bool changed_mode() const noexcept { return changed_mode_; }

 private:
  struct CloseSkeleton {
    void operator()(arpline_bpf* skeleton) const noexcept;
  };

  bool fits(const Maps& old) const;
  void reuse_maps(const Maps& old);
  bpf_program* ingress() const noexcept;
  bool may_replace(std::uint32_t program_id) const;
  bool take_link();
  void attach_xdp();
  void pin();
  void remove_egress() noexcept;

  ProgramOptions options_;
  Netlink route_;
  std::unique_ptr<arpline_bpf, CloseSkeleton> skeleton_;
  std::unique_ptr<Maps> maps_;
  Fd link_;
  std::uint32_t egress_id_ = 0;
  std::set<std::uint32_t> old_maps_;  // ids of those that were pinned here before
  bool took_over_ = false;
  bool link_is_pinned_ = false;
  bool egress_attached_ = false;
  bool pinned_ = false;
  bool changed_mode_ = false;
};

/// The interface on which the link pinned in `folder` sits, or that the pins without one are named after; 0: it
/// is gone, or nothing is pinned.
int pinned_ifindex(const std::string& folder) noexcept;

/// Takes off the parent what is pinned in `folder`, whoever left it there, and removes the folder.
/// With the daemon alive it finds its link gone and ends. Throws SetupError when the kernel refuses.
void detach_pinned(const std::string& folder, int ifindex);

/// Whether an XDP program of this name may be ours; kIngressForDpdk may be libxdp's own as well.
inline constexpr const char* kIngressName = "arpl_ingress";
inline constexpr const char* kIngressForDpdk = "xsk_def_prog";

}  // namespace arpline
