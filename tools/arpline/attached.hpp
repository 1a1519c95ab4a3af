// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/command.hpp"
#include "kernel/tc.hpp"

namespace arpline {

/// While it lives, libbpf prints nothing: what fails is told in one line by who asked.
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

/// Whether the program with this id is arpline's on the wire. Its name alone does not tell: libxdp's own may
/// have the same.
bool is_our_ingress(std::uint32_t id);

/// Whether this process may not ask what program that is.
bool is_hidden_program(std::uint32_t id);

/// The tcx programs at an interface's egress as "NAME (id N)"; they run before clsact.
std::vector<std::string> tcx_egress_programs(int ifindex);

/// Whether the filter is arpline's egress program.
bool is_our_egress(const TcFilter& filter);

/// "pref 10 bpf NAME".
std::string filter_text(const TcFilter& filter);

/// "arpline detach IF", whatever the interface is called.
Command detach_command(const ForeignText& interface);
/// "arplined --parent IF", whatever it is called; the empty name stands for any.
Command start_command(const ForeignText& interface);

/// Pure: the filters that run before arpline's, which is where it is or else at the lowest free pref.
std::vector<TcFilter> filters_before_ours(const std::vector<TcFilter>& egress);

}  // namespace arpline
