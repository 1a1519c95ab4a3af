// SPDX-License-Identifier: Apache-2.0
#include "arpline/preflight_facts.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "arpline/attached.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "discovery/discovery.hpp"
#include "kernel/netlink.hpp"
#include "kernel/netns.hpp"

namespace arpline {
namespace {

int load_with_frags() {
  const std::array<bpf_insn, 2> pass{{
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  }};
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.prog_flags = BPF_F_XDP_HAS_FRAGS;
  const Fd program{
      bpf_prog_load(BPF_PROG_TYPE_XDP, "preflight", "Apache-2.0", pass.data(), pass.size(), &options)};
  return program ? 0 : errno;
}

KernelFacts gather_kernel() {
  struct statfs mount {};
  KernelFacts kernel;
  kernel.btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
  kernel.bpffs = statfs("/sys/fs/bpf", &mount) == 0 && static_cast<unsigned long>(mount.f_type) == BPF_FS_MAGIC;
  kernel.ring_buffer = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nullptr) == 1;
  kernel.xsk_map = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_XSKMAP, nullptr) == 1;
  kernel.xdp_frags_error = load_with_frags();
  const Fd socket{::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)};
  kernel.af_xdp_error = socket ? 0 : errno;
  return kernel;
}

void gather_children(PreflightFacts& facts) try {
  if (const auto snapshot = Discovery{facts.link->name}.snapshot()) {
    facts.children = snapshot->interfaces.size();
    facts.vlan_uppers = snapshot->parent.vlan_uppers;
  }
} catch (const SetupError& error) {
  facts.unseen = error.what();
}

}  // namespace

PreflightFacts gather_preflight_facts(const std::string& interface) {
  const QuietLibbpf quiet;
  PreflightFacts facts;
  facts.interface = interface;
  facts.missing_caps = missing_capabilities();
  facts.kernel = gather_kernel();
  Netlink route{NETLINK_ROUTE};
  const auto links = dump_links(route).value();
  for (const LinkRecord& link : links) facts.devices.push_back(link.name);
  facts.link = find_link(route, interface);
  if (!facts.link) return facts;
  if (!facts.link->lower_netns && facts.link->lower != 0)
    if (const auto lower = find_link(route, facts.link->lower)) facts.lower = lower->name;
  facts.xdp_program = program_name(facts.link->xdp_prog_id);
  facts.xdp_is_ours = is_our_ingress(facts.link->xdp_prog_id);
  facts.xdp_is_hidden = is_hidden_program(facts.link->xdp_prog_id);
  facts.ingress_qdisc = ingress_qdisc(route, facts.link->ifindex);
  facts.egress = tc_filters(route, facts.link->ifindex, TcHook::egress);
  facts.tcx = tcx_egress_programs(facts.link->ifindex);
  ForeignFiles files;
  const auto managed = managed_by(files, manager_folders(), own_netns_inode(), facts.link->ifindex);
  facts.manager_unknown = !files.silent().empty();
  facts.manager = managed.who;
  facts.network_file = managed.network_file;
  gather_children(facts);
  return facts;
}

}  // namespace arpline
