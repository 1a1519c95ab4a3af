// SPDX-License-Identifier: Apache-2.0
#include "kernel/refused.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstdarg>

#include "base/error.hpp"
#include "kernel/netns.hpp"
#include "refused.skel.h"

namespace arpline {

void Refused::Close::operator()(refused_bpf* skeleton) const noexcept {
  refused_bpf__destroy(skeleton);
}

// Silences libbpf: a kernel without BTF or trace points is no error here.
Refused::Refused() noexcept {
  const auto before = libbpf_set_print([](libbpf_print_level, const char*, va_list) { return 0; });
  try {
    skeleton_.reset(refused_bpf__open());
    if (skeleton_) skeleton_->rodata->netns_inode = static_cast<__u32>(own_netns_inode());
    if (skeleton_ && (refused_bpf__load(skeleton_.get()) != 0 || refused_bpf__attach(skeleton_.get()) != 0))
      skeleton_.reset();
  } catch (const SetupError&) {
    skeleton_.reset();
  }
  libbpf_set_print(before);
}

Refused::~Refused() = default;

void Refused::watch(int ifindex) noexcept {
  const auto key = static_cast<__u32>(ifindex);
  const __u64 none = 0;
  if (skeleton_) bpf_map_update_elem(bpf_map__fd(skeleton_->maps.refused), &key, &none, BPF_NOEXIST);
}

void Refused::forget(int ifindex) noexcept {
  const auto key = static_cast<__u32>(ifindex);
  if (skeleton_) bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.refused), &key);
}

std::optional<std::uint64_t> Refused::count(int ifindex) const noexcept {
  const auto key = static_cast<__u32>(ifindex);
  __u64 count = 0;
  if (!skeleton_ || bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.refused), &key, &count) != 0)
    return std::nullopt;
  return count;
}

}  // namespace arpline
