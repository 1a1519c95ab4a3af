// SPDX-License-Identifier: Apache-2.0
// arplined: the daemon with the ports xsk and packet.
#include "base/error.hpp"
#include "main/daemon.hpp"

namespace {

using namespace arpline;

std::unique_ptr<Service> make_service(const ServiceWanted& wanted) {
  if (wanted.parent.port == PortKind::ethdev)
    throw SetupError(visible(wanted.link.name) + ": this arplined has no port \"ethdev\"; run arplined-dpdk");
  return wanted.ring ? make_xsk_service(wanted) : make_packet_service(wanted);
}

}  // namespace

int main(int argc, char** argv) {
  return run_daemon(argc, argv, [](const Config&) { return make_service; });
}
