// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace arpline {

/// DPDK's environment abstraction layer. One in a process, because DPDK can't start it twice; it outlives all
/// ports.
class Eal {
 public:
  /// `arguments` are DPDK's, without the program's name. Defaults that they may override: huge pages when some
  /// are free, one lcore, and no PCI devices but those in `devices`. The calling thread keeps its CPU affinity.
  /// Throws SetupError.
  Eal(const std::vector<std::string>& arguments, const std::vector<std::string>& devices);
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;
  ~Eal();
};

/// The arguments that the EAL gets before `arguments`.
std::vector<std::string> default_eal_arguments(const std::vector<std::string>& arguments,
                                               const std::vector<std::string>& devices, bool huge_pages);

}  // namespace arpline
