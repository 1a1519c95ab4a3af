// SPDX-License-Identifier: Apache-2.0
// arplined-dpdk: arplined with DPDK's port ethdev in addition.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "kernel/hand_over.hpp"
#include "kernel/maps.hpp"
#include "main/arplined_dpdk_telemetry.hpp"
#include "main/daemon.hpp"
#include "port/ethdev.hpp"
#include "port/ethdev_device.hpp"
#include "port/ethdev_eal.hpp"
#include "worker/engine_ingress.hpp"
#include "worker/thread.hpp"

namespace {

using namespace arpline;

// The ingress program redirects nothing on a queue without a socket, so a missing one would go unnoticed.
void check_sockets(const ServiceWanted& wanted, std::uint16_t queues) {
  if (const auto queue = first_queue_without_socket(wanted.xsks_map_fd, queues))
    throw SetupError(
        fmt::format("{}: {} has put no socket into xsks_map for queue {}: DPDK's libxdp does not take up "
                    "arpline's program; use port = \"xsk\"",
                    visible(wanted.link.name), wanted.parent.device, *queue));
}

std::unique_ptr<Service> make_net_af_xdp_service(const ServiceWanted& wanted) {
  const EthdevOptions options{
      .device = wanted.parent.device,
      .rings_of = wanted.link.name,
      .xsks_map = wanted.pins + "/xsks_map",
      .queues = static_cast<std::uint16_t>(std::min(wanted.link.rx_queues, ARPL_MAX_QUEUES)),
      .steers_from = {},
      .kernel = {}};
  return std::make_unique<WorkerThread<EthdevPort>>(std::make_unique<EthdevPort>(options), wanted.tables,
                                                    BehindIngress{wanted.tables}, [&wanted](EthdevPort& port) {
                                                      port.enable();
                                                      check_sockets(wanted, port.queues());
                                                    });
}

// This worker decides by itself, without the ingress program. Frames that it does not answer go into a tap,
// which exists as long as the daemon, and from the tap to the parent.
std::unique_ptr<Service> make_engine_ingress_service(const ServiceWanted& wanted) {
  const auto& device = wanted.parent.device;
  const bool in_memory = is_memory_only(device);
  const auto tap = fmt::format("arpl{}", wanted.link.ifindex);
  const bool steers = !in_memory && wanted.parent.steering == Steering::flow;
  auto port = std::make_unique<EthdevPort>(
      EthdevOptions{.device = device,
                    .rings_of = {},
                    .queues = 1,
                    .steers_from = steers ? wanted.link.name : ForeignText{},
                    .kernel = in_memory ? "" : fmt::format("net_tap_{},iface={}", tap, tap)});
  if (!in_memory) hand_over_to(tap, wanted.link.ifindex);
  return std::make_unique<WorkerThread<EthdevPort, EngineIngress>>(
      std::move(port), wanted.tables, EngineIngress{*wanted.front}, [&](EthdevPort& enabled) {
        enabled.enable();
        if (!enabled.steers_tagged())
          spdlog::warn("{}: {} takes no rule for ARP in VLANs: that is left to the kernel",
                       visible(wanted.link.name), device);
      });
}

std::unique_ptr<Service> make_service(const ServiceWanted& wanted) {
  if (!wanted.ring) return make_packet_service(wanted);
  if (wanted.parent.port == PortKind::xsk) return make_xsk_service(wanted);
  return wanted.front != nullptr ? make_engine_ingress_service(wanted) : make_net_af_xdp_service(wanted);
}

// The factory holds the EAL, so that the EAL's threads and files outlive every worker.
ServiceFactory make_factory(const Config& config) {
  std::vector<std::string> devices;
  for (const auto& parent : config.parents)
    if (parent.port == PortKind::ethdev) devices.push_back(parent.device);
  auto eal = std::make_shared<Eal>(config.eal, devices);
  offer_telemetry(config.pin_root);
  return [eal](const ServiceWanted& wanted) { return make_service(wanted); };
}

}  // namespace

int main(int argc, char** argv) {
  return run_daemon(argc, argv, make_factory);
}
