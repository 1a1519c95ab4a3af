// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/parent.hpp"

namespace arpline {

/// What is said and done before the workers' factory is made: once, with the capabilities that the daemon
/// keeps.
using MakeFactory = std::function<ServiceFactory(const Config&)>;

/// The daemon, whatever ports it has; returns the process's exit code.
int run_daemon(int argc, char** argv, const MakeFactory& make_factory) noexcept;

/// The worker of a parent that has no ring: it announces.
std::unique_ptr<Service> make_packet_service(const ServiceWanted& wanted);
/// The worker of a parent with AF_XDP sockets.
std::unique_ptr<Service> make_xsk_service(const ServiceWanted& wanted);

}  // namespace arpline
