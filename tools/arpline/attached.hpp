// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/command.hpp"
#include "kernel/tc.hpp"

namespace arpline {

/// Silences libbpf while it lives: the caller reports each failure itself, in one line.
class QuietLibbpf {
 public:
  QuietLibbpf() : before_(libbpf_set_print(nullptr)) {}
  QuietLibbpf(const QuietLibbpf&) = delete;
  QuietLibbpf& operator=(const QuietLibbpf&) = delete;
  ~QuietLibbpf() { libbpf_set_print(before_); }

 private:
  libbpf_print_fn_t before_;
};

/// The name of a loaded BPF program; empty when there is no such program.
std::string program_name(std::uint32_t id);

/// Whether the program with this id is arpline's XDP program. The name alone is not enough: libxdp's own
/// program may have the same.
bool is_our_ingress(std::uint32_t id);

/// Whether this process lacks the right to query the program.
bool is_hidden_program(std::uint32_t id);

/// The tcx programs at an interface's egress as "NAME (id N)"; the kernel runs them before clsact.
std::vector<std::string> tcx_egress_programs(int ifindex);

/// Whether the filter is arpline's egress program.
bool is_our_egress(const TcFilter& filter);

/// The filter as "pref 10 bpf NAME".
std::string filter_text(const TcFilter& filter);

/// "arpline detach IF", with any name quoted.
Command detach_command(const ForeignText& interface);
/// "arplined --parent IF", with any name quoted; an empty name gives the placeholder.
Command start_command(const ForeignText& interface);

/// Pure: the filters that the kernel runs before arpline's, at its pref or, when it is not attached, at the
/// lowest free one.
std::vector<TcFilter> filters_before_ours(const std::vector<TcFilter>& egress);

}  // namespace arpline
