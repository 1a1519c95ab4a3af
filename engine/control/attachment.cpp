// SPDX-License-Identifier: Apache-2.0
#include "control/attachment.hpp"

#include <spdlog/spdlog.h>

#include "base/clock.hpp"
#include "kernel/netns.hpp"

namespace arpline {
namespace {

ProgramOptions options_of(const ParentState& state, const std::string& folder) {
  const auto ingress = ingress_of(state.own);
  return {.parent = state.link.name,
          .ifindex = state.link.ifindex,
          .folder = folder,
          .generic_xdp = state.own.generic_xdp,
          .ingress = ingress == Ingress::engine             ? IngressProgram::none
                     : ingress == Ingress::program_for_dpdk ? IngressProgram::for_net_af_xdp
                                                            : IngressProgram::ours};
}

const std::string& prepared(const std::string& run_root) {
  prepare_run_root(run_root);
  return run_root;
}

}  // namespace

// This delegated constructor completes the object with the lock alone, so that the destructor cleans up when
// the one below throws.
Attachment::Attachment(const ParentState& state, Leases& leases, PinName name)
    : leases_(leases), name_(std::move(name)), lock_(prepared(state.config.run_root), name_.text()) {}

Attachment::Attachment(const ParentState& state, Leases& leases)
    : Attachment(state, leases,
                 {.parent = state.link.name, .ifindex = state.link.ifindex, .netns_inode = own_netns_inode()}) {
  const auto& config = state.config;
  prepare_pin_root(config.pin_root);
  follow_rename(config.pin_root, config.run_root, name_);
  folder_ = prepare_pin_folder(config.pin_root, name_.text());
  pin_lock_ = std::make_unique<PinLock>(folder_);
  Programs::check(options_of(state, folder_), state.link);
  programs_ = std::make_unique<Programs>(options_of(state, folder_));
}

Attachment::~Attachment() {
  if (ended_) return;
  if (programs_) {
    leases_.remove(maps().lease_word());
    programs_->give_up();
  }
  if (pin_lock_ && names_of_pins(folder_).empty()) remove_pin_folder(folder_);
}

void Attachment::attach() {
  programs_->attach();
  if (programs_->changed_mode())
    spdlog::warn(
        "{}: the program that an earlier run left was attached in another way and has been taken off first",
        visible(name_.parent));
}

void Attachment::end_lease(bool keep) {
  leases_.remove(maps().lease_word());
  maps().set_lease(keep ? Clock::now() + kKeepLease : kNoTime);
}

void Attachment::detach() noexcept {
  ended_ = true;
  programs_->detach();
}

}  // namespace arpline
