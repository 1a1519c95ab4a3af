// SPDX-License-Identifier: Apache-2.0
#include "kernel/hand_over.hpp"

#include <bpf/libbpf.h>
#include <net/if.h>

#include <cerrno>
#include <memory>

#include "base/error.hpp"
#include "hand_over.skel.h"

namespace arpline {

void hand_over_to(const std::string& from, int parent_ifindex) {
  const std::unique_ptr<hand_over_bpf, decltype(&hand_over_bpf__destroy)> skeleton{hand_over_bpf__open(),
                                                                                   &hand_over_bpf__destroy};
  if (!skeleton) throw_errno("open the BPF object that hands frames over", errno);
  skeleton->rodata->arpl_parent_ifindex = static_cast<std::uint32_t>(parent_ifindex);
  if (const int error = hand_over_bpf__load(skeleton.get()); error != 0)
    throw_errno("load the BPF program that hands frames over", -error);
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(if_nametoindex(from.c_str()));
  hook.attach_point = BPF_TC_INGRESS;
  if (hook.ifindex == 0) throw_errno(from + ": find the interface that hands frames over", errno);
  if (const int error = bpf_tc_hook_create(&hook); error != 0 && error != -EEXIST)
    throw_errno(from + ": add clsact", -error, "is CONFIG_NET_SCH_INGRESS in this kernel?");
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.prog_fd = bpf_program__fd(skeleton->progs.arpl_hand_over);
  if (const int error = bpf_tc_attach(&hook, &options); error != 0)
    throw_errno(from + ": attach the tc program that hands frames over", -error);
}

}  // namespace arpline
