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
  for_net_af_xdp,  ///< under the name by which DPDK's net_af_xdp recognizes a program that serves its sockets
  none             ///< only the egress program
};

struct ProgramOptions {
  ForeignText parent;
  int ifindex = 0;
  std::string folder;  ///< the folder of the pins, made by prepare_pin_folder()
  bool generic_xdp = false;
  IngressProgram ingress = IngressProgram::ours;
};

/// The two BPF programs and their maps on one parent. Loading reuses the maps that an earlier run has pinned
/// when their ABI version is ours, else makes new ones. Attaching swaps the programs without a gap, then the
/// pins.
class Programs {
 public:
  /// Loads the programs without attaching them. Throws SetupError.
  explicit Programs(ProgramOptions options);
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs();

  /// Checks all that can be checked without loading: another XDP program on the parent, native XDP of its
  /// driver, room for the egress filter. Throws SetupError.
  static void check(const ProgramOptions& options, const LinkInfo& link);

  /// Attaches both programs, XDP first: an interface has one XDP program only, so it excludes other daemons.
  /// Then pins link and maps. Throws SetupError after give_up().
  void attach();

  /// Undoes the changes of this run. Programs that an earlier run has attached stay and pass all frames.
  void give_up() noexcept;

  /// Removes all programs and pins from the parent.
  void detach() noexcept;

  /// Whether our filter is at clsact egress. Throws SetupError.
  bool has_egress() { return arpline::has_egress(route_, options_.ifindex, egress_id_); }
  /// Attaches the egress filter again after another process has removed it. Throws SetupError.
  void attach_egress();

  /// Puts other programs over the same maps in the place of the attached ones, without a gap. -1: our own,
  /// again. Their owner lets use_own() be called before it closes them. Throws SetupError.
  void use(int ingress_fd, int egress_fd);
  void use_own() { use(-1, -1); }

  /// Whether our XDP program is still on the parent; false after a detach or when the parent is gone.
  bool attached() const noexcept;

  const Maps& maps() const noexcept { return *maps_; }
  IngressProgram ingress_kind() const noexcept { return options_.ingress; }
  bool took_over() const noexcept { return took_over_; }
  /// An earlier run's XDP program was attached in another mode and had to be detached first.
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
  int egress_fd_ = -1;  // of the program that is attached, or is to be
  std::uint32_t egress_id_ = 0;
  std::set<std::uint32_t> old_maps_;  // ids of the maps that an earlier run has pinned
  bool took_over_ = false;
  bool link_is_pinned_ = false;
  bool egress_attached_ = false;
  bool pinned_ = false;
  bool changed_mode_ = false;
};

/// The ifindex of the link pinned in `folder`, or without a link the one in the folder's name. 0 when the
/// interface is gone or nothing is pinned.
int pinned_ifindex(const std::string& folder) noexcept;

/// Detaches the programs that are pinned in `folder`, whichever process has pinned them, and removes the
/// folder. A live daemon notices that its link is gone and ends. Throws SetupError when the kernel refuses.
void detach_pinned(const std::string& folder, int ifindex);

/// Names of XDP programs that may be ours; kIngressForDpdk may also be libxdp's own program.
inline constexpr const char* kIngressName = "arpl_ingress";
inline constexpr const char* kIngressForDpdk = "xsk_def_prog";

}  // namespace arpline
