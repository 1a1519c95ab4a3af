// SPDX-License-Identifier: Apache-2.0
// arplined-dpdk: the daemon with DPDK's devices beside the AF_XDP port.
#include <fmt/format.h>

#include "base/error.hpp"
#include "daemon.hpp"
#include "kernel/maps.hpp"
#include "port/ethdev.hpp"
#include "port/ethdev_eal.hpp"
#include "worker/thread.hpp"

namespace {

using namespace arpline;

// The program gives a queue without a socket no frames, and nobody would notice.
void check_sockets(const ServiceWanted& wanted, std::uint16_t queues) {
  if (!EthdevPort::is_net_af_xdp(wanted.parent.device)) return;
  if (const auto queue = first_queue_without_socket(wanted.xsks_map_fd, queues))
    throw SetupError(
        fmt::format("{}: {} has put no socket into xsks_map for queue {}: DPDK's libxdp does not take up "
                    "arpline's program; use port = \"xsk\"",
                    wanted.link.name, wanted.parent.device, *queue));
}

std::unique_ptr<Service> make_service(const ServiceWanted& wanted) {
  if (!wanted.ring) return make_packet_service(wanted);
  if (wanted.parent.port == PortKind::xsk) return make_xsk_service(wanted);
  auto port = std::make_unique<EthdevPort>(
      EthdevOptions{.device = wanted.parent.device,
                    .interface = wanted.link.name,
                    .queues = static_cast<std::uint16_t>(std::min(wanted.link.rx_queues, ARPL_MAX_QUEUES)),
                    .kernel = {}});
  return std::make_unique<WorkerThread<EthdevPort>>(
      std::move(port), wanted.tables, BehindIngress{wanted.tables}, [&wanted](EthdevPort& enabled) {
        enabled.enable();
        check_sockets(wanted, enabled.queues());
      });
}

// The EAL's threads and files outlive every worker.
ServiceFactory make_factory(const Config& config) {
  std::vector<std::string> devices;
  for (const auto& parent : config.parents) devices.push_back(parent.device);
  auto eal = std::make_shared<Eal>(config.eal, devices);
  return [eal](const ServiceWanted& wanted) { return make_service(wanted); };
}

}  // namespace

int main(int argc, char** argv) {
  return run_daemon(argc, argv, make_factory);
}
