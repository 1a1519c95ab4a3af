// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/parent.hpp"

namespace arpline {

/// Makes the workers' factory. It is called once, after the daemon has dropped the capabilities that it does
/// not need.
using MakeFactory = std::function<ServiceFactory(const Config&)>;

/// Runs the daemon with the ports that `make_factory` offers; returns the process's exit code.
int run_daemon(int argc, char** argv, const MakeFactory& make_factory) noexcept;

/// Makes the worker of a parent without rings, which only sends announcements and probes.
std::unique_ptr<Service> make_packet_service(const ServiceWanted& wanted);
/// Makes the worker of a parent with AF_XDP sockets.
std::unique_ptr<Service> make_xsk_service(const ServiceWanted& wanted);

}  // namespace arpline
