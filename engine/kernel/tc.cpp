// SPDX-License-Identifier: Apache-2.0
#include "kernel/tc.hpp"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/command.hpp"
#include "base/error.hpp"

namespace arpline {
namespace {

void read_bpf_options(const nlattr& options, TcFilter& filter) {
  const auto visit = [](const nlattr* option, void* data) {
    auto& seen = *static_cast<TcFilter*>(data);
    // libbpf names a filter "PROGRAM:[ID]", tc names it "FILE:[SECTION]".
    if (mnl_attr_get_type(option) == TCA_BPF_NAME) {
      const auto name = attribute_string(*option);
      seen.name = name.substr(0, name.find(':'));
    }
    if (mnl_attr_get_type(option) == TCA_BPF_ID) seen.program_id = attribute_u32(*option).value_or(0);
    return MNL_CB_OK;
  };
  mnl_attr_parse_nested(&options, visit, &filter);
}

std::optional<TcFilter> read_filter(const nlmsghdr& message, int ifindex) {
  const auto tc = header_of<tcmsg>(message);
  TcFilter filter{.pref = static_cast<std::uint16_t>(tc.tcm_info >> 16),
                  .handle = tc.tcm_handle,
                  .kind = {},
                  .name = {},
                  .program_id = 0};
  if (message.nlmsg_type != RTM_NEWTFILTER || tc.tcm_ifindex != ifindex) return std::nullopt;
  const auto visit = [](const nlattr* attribute, void* data) {
    auto& seen = *static_cast<TcFilter*>(data);
    if (mnl_attr_get_type(attribute) == TCA_KIND) seen.kind = attribute_string(*attribute);
    if (mnl_attr_get_type(attribute) == TCA_OPTIONS && seen.kind == "bpf") read_bpf_options(*attribute, seen);
    return MNL_CB_OK;
  };
  mnl_attr_parse(&message, sizeof(tcmsg), visit, &filter);
  return filter;
}

bpf_tc_hook hook_of(int ifindex, bpf_tc_attach_point point) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = ifindex;
  hook.attach_point = point;
  return hook;
}

bool is_ours(const TcFilter& filter) {
  return filter.kind == "bpf" && filter.name == kEgressName;
}

constexpr std::string_view kClsact = "clsact";

std::uint16_t lowest_free_pref(const std::vector<TcFilter>& filters) {
  std::uint16_t pref = 1;
  while (std::ranges::any_of(filters, [&](const TcFilter& f) { return f.pref == pref; })) ++pref;
  return pref;
}

}  // namespace

std::vector<TcFilter> tc_filters(Netlink& route, int ifindex, TcHook hook) {
  NetlinkRequest request(RTM_GETTFILTER);
  auto& tc = request.header<tcmsg>();
  tc.tcm_family = AF_UNSPEC;
  tc.tcm_ifindex = ifindex;
  tc.tcm_parent = TC_H_MAKE(TC_H_CLSACT, hook == TcHook::egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
  std::vector<TcFilter> filters;
  const int error = route.try_dump(request, [&](const nlmsghdr& message) {
    // The kernel also lists each protocol's head, which has no handle.
    if (auto filter = read_filter(message, ifindex); filter && filter->handle != 0) filters.push_back(*filter);
  });
  // Without clsact the dump fails with EINVAL.
  if (error != 0 && error != EINVAL && error != ENOENT && error != ENODEV) {
    throw_errno(fmt::format("list tc filters of interface {}", ifindex), error);
  }
  return filters;
}

// Dumps all interfaces: a request for a single qdisc would make the kernel notify all listeners.
std::string ingress_qdisc(Netlink& route, int ifindex) {
  NetlinkRequest request(RTM_GETQDISC);
  request.header<tcmsg>().tcm_family = AF_UNSPEC;
  std::string kind;
  const int error = route.try_dump(request, [&](const nlmsghdr& message) {
    const auto tc = header_of<tcmsg>(message);
    if (message.nlmsg_type != RTM_NEWQDISC || tc.tcm_ifindex != ifindex || tc.tcm_parent != TC_H_INGRESS)
      return;
    for_each_attribute(message, sizeof(tcmsg), [&](const nlattr& attribute, int type) {
      if (type == TCA_KIND) kind = attribute_string(attribute);
    });
  });
  if (error != 0) throw_errno("list qdiscs", error);
  return kind;
}

bool takes_egress_filters(const std::string& ingress_qdisc) {
  return ingress_qdisc.empty() || ingress_qdisc == kClsact;
}

Command clsact_command(const ForeignText& interface) {
  return Command{"tc qdisc del dev {0} ingress && tc qdisc add dev {0} clsact", interface};
}

void check_ingress_qdisc(Netlink& route, int ifindex, const ForeignText& interface) {
  const auto kind = ingress_qdisc(route, ifindex);
  if (takes_egress_filters(kind)) return;
  throw SetupError(fmt::format(
      "{}: its qdisc {} has no place for a filter of what leaves; replace it, its filters go with it: {}",
      visible(interface), kind, clsact_command(interface).text()));
}

namespace {

// Keeps clsact when it has filters.
void remove_clsact(Netlink& route, int ifindex) {
  if (!tc_filters(route, ifindex, TcHook::egress).empty() ||
      !tc_filters(route, ifindex, TcHook::ingress).empty())
    return;
  auto both = hook_of(ifindex, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  bpf_tc_hook_destroy(&both);
}

}  // namespace

bool attach_egress(Netlink& route, int ifindex, const ForeignText& interface, int prog_fd,
                   const WhichFilter& may_replace) {
  auto hook = hook_of(ifindex, BPF_TC_EGRESS);
  const int created = bpf_tc_hook_create(&hook);
  if (created != 0 && created != -EEXIST) {
    throw_errno(visible(interface) + ": add clsact", -created, "is CONFIG_NET_SCH_INGRESS in this kernel?");
  }
  if (created != 0) check_ingress_qdisc(route, ifindex, interface);
  const auto filters = tc_filters(route, ifindex, TcHook::egress);
  const auto ours = std::ranges::find_if(filters, is_ours);
  if (ours != filters.end() && !may_replace(ours->program_id)) {
    throw SetupError(
        fmt::format("{}: another arplined serves it (its egress filter has program id {}); stop it first",
                    visible(interface), ours->program_id));
  }
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.prog_fd = prog_fd;
  options.handle = ours != filters.end() ? ours->handle : 1;
  options.priority = ours != filters.end() ? ours->pref : lowest_free_pref(filters);
  options.flags = ours != filters.end() ? BPF_TC_F_REPLACE : 0;
  if (const int error = bpf_tc_attach(&hook, &options); error != 0) {
    if (created == 0) remove_clsact(route, ifindex);
    throw_errno(visible(interface) + ": attach tc egress program", -error);
  }
  return created == 0;
}

bool has_egress(Netlink& route, int ifindex, std::uint32_t program_id) {
  return std::ranges::any_of(tc_filters(route, ifindex, TcHook::egress),
                             [&](const TcFilter& filter) { return filter.program_id == program_id; });
}

void detach_egress(Netlink& route, int ifindex, const WhichFilter& which, bool clsact_created) {
  auto hook = hook_of(ifindex, BPF_TC_EGRESS);
  for (const auto& filter : tc_filters(route, ifindex, TcHook::egress)) {
    if (!is_ours(filter) || !which(filter.program_id)) continue;
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.handle = filter.handle;
    options.priority = filter.pref;
    bpf_tc_detach(&hook, &options);
  }
  if (clsact_created) remove_clsact(route, ifindex);
}

}  // namespace arpline
