// SPDX-License-Identifier: Apache-2.0
#include "arpline/attached.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "base/fd.hpp"
#include "kernel/programs.hpp"

namespace arpline {
namespace {

// BPF_TCX_EGRESS of Linux 6.6 and later; older headers lack it.
constexpr auto kBpfTcxEgress = static_cast<bpf_attach_type>(47);

// The pref of arpline's filter, or the lowest free pref, which it would get.
std::uint32_t our_pref(const std::vector<TcFilter>& filters) {
  const auto ours = std::ranges::find_if(filters, is_our_egress);
  if (ours != filters.end()) return ours->pref;
  std::uint32_t pref = 1;
  while (std::ranges::find(filters, pref, &TcFilter::pref) != filters.end()) ++pref;
  return pref;
}

std::string map_name(std::uint32_t id) {
  const Fd map{bpf_map_get_fd_by_id(id)};
  bpf_map_info info{};
  std::uint32_t length = sizeof info;
  if (!map || bpf_obj_get_info_by_fd(map.get(), &info, &length) != 0) return {};
  return info.name;
}

}  // namespace

std::string program_name(std::uint32_t id) {
  const Fd program{id == 0 ? -1 : bpf_prog_get_fd_by_id(id)};
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) return {};
  return info.name;
}

bool is_our_ingress(std::uint32_t id) {
  const auto name = program_name(id);
  if (name != kIngressName && name != kIngressForDpdk) return false;
  const Fd program{bpf_prog_get_fd_by_id(id)};
  std::array<std::uint32_t, 64> maps{};
  bpf_prog_info info{};
  info.nr_map_ids = maps.size();
  info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
  std::uint32_t length = sizeof info;
  if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) return false;
  return std::ranges::any_of(std::span{maps}.first(std::min<std::size_t>(info.nr_map_ids, maps.size())),
                             [](std::uint32_t map) { return map_name(map) == "endpoint_index"; });
}

bool is_hidden_program(std::uint32_t id) {
  return id != 0 && !Fd{bpf_prog_get_fd_by_id(id)} && errno == EPERM;
}

std::vector<std::string> tcx_egress_programs(int ifindex) {
  std::array<std::uint32_t, 64> ids{};
  std::uint32_t count = ids.size();
  std::uint32_t flags = 0;
  if (bpf_prog_query(ifindex, kBpfTcxEgress, 0, &flags, ids.data(), &count) != 0) return {};
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < count && i < ids.size(); ++i)
    names.push_back(fmt::format("{} (id {})", program_name(ids[i]), ids[i]));
  return names;
}

bool is_our_egress(const TcFilter& filter) {
  return filter.kind == "bpf" && filter.name == kEgressName;
}

std::string filter_text(const TcFilter& filter) {
  return fmt::format("pref {} {}{}{}", filter.pref, filter.kind, filter.name.empty() ? "" : " ",
                     visible(filter.name));
}

Command detach_command(const ForeignText& interface) {
  if (interface.raw().starts_with('-')) return Command{"arpline detach -- {}", interface};
  return Command{"arpline detach {}", interface};
}

Command start_command(const ForeignText& interface) {
  if (interface.empty()) return Command{"arplined --parent IF"};
  if (interface.raw().starts_with('-')) return Command{"arplined --parent={}", interface};
  return Command{"arplined --parent {}", interface};
}

std::vector<TcFilter> filters_before_ours(const std::vector<TcFilter>& egress) {
  const std::uint32_t ours = our_pref(egress);
  std::vector<TcFilter> before;
  for (const TcFilter& filter : egress)
    if (!is_our_egress(filter) && filter.pref < ours) before.push_back(filter);
  return before;
}

}  // namespace arpline
