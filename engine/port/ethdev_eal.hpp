// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline {

/// DPDK's environment. One in a process, which DPDK can't start a second time; ports do not outlive it.
class Eal {
 public:
  /// `arguments`: DPDK's own, without the program's name. Where they say nothing else: huge pages when the
  /// machine has some free, one lcore, and of the PCI devices only those in `devices`. The calling thread stays
  /// on the CPUs it has. Throws SetupError.
  Eal(const std::vector<std::string>& arguments, const std::vector<std::string>& devices);
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;
  ~Eal();
};

/// What the EAL is started with, before `arguments`.
std::vector<std::string> default_eal_arguments(const std::vector<std::string>& arguments,
                                               const std::vector<std::string>& devices, bool huge_pages);

}  // namespace arpline
