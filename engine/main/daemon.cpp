// SPDX-License-Identifier: Apache-2.0
#include "main/daemon.hpp"

#include <unistd.h>
#include <csignal>

#include <CLI/CLI.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/output.hpp"
#include "control/control.hpp"
#include "control/log.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/libbpf_log.hpp"
#include "kernel/time_offset.hpp"
#include "port/packet.hpp"
#include "port/xsk.hpp"
#include "worker/thread.hpp"

namespace arpline {

std::unique_ptr<Service> make_packet_service(const ServiceWanted& wanted) {
  return std::make_unique<WorkerThread<PacketPort>>(std::make_unique<PacketPort>(wanted.link.name),
                                                    wanted.tables, BehindIngress{wanted.tables},
                                                    [](PacketPort&) {});
}

std::unique_ptr<Service> make_xsk_service(const ServiceWanted& wanted) {
  const auto rx_queues = static_cast<std::uint16_t>(std::min(wanted.link.rx_queues, ARPL_MAX_QUEUES));
  const auto tx_queues = static_cast<std::uint16_t>(std::min(wanted.link.tx_queues, ARPL_MAX_QUEUES));
  return std::make_unique<WorkerThread<XskPort>>(
      std::make_unique<XskPort>(wanted.link.name, rx_queues, tx_queues, wanted.patience), wanted.tables,
      BehindIngress{wanted.tables}, [fd = wanted.xsks_map_fd](XskPort& port) { port.enable(fd); });
}

namespace {

constexpr int kUsage = 2;  // exit code for a wrong command line, as of arpline and arpgen

int run(int argc, char** argv, const MakeFactory& make_factory) {
  CLI::App app{"arplined: answers ARP for the macvlan containers of a parent NIC, faster than a storm"};
  std::vector<std::string> parents;
  std::string file;
  std::string pin_root;
  std::string run_root;
  std::string on_stop;
  bool verbose = false;
  app.set_version_flag("--version", ARPLINE_VERSION);
  app.add_option("--parent", parents, "a parent interface of macvlan containers; may be given more than once");
  const auto* config_option = app.add_option("--config", file, "TOML configuration (docs/configuration.md)");
  app.add_option("--pin-root", pin_root, "folder of the pins, on bpffs (/sys/fs/bpf/arpline)");
  app.add_option("--run-root", run_root, "folder of locks and control sockets (/run/arpline)");
  app.add_option("--on-stop", on_stop, "detach or keep; goes before on_stop of every parent")
      ->check(CLI::IsMember({"detach", "keep"}));
  app.add_flag("--verbose", verbose, "all that libbpf and the verifier say, on stderr");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help or --version
    const int code = app.exit(asked);
    finish_stdout();
    return code;
  } catch (const CLI::ParseError& error) {
    log_fatal(std::string{error.what()} + "; see --help");
    return kUsage;
  }
  // load_config() would take an empty name for an empty configuration.
  if (config_option->count() > 0 && file.empty()) {
    log_fatal("--config: the name of a file is missing");
    return kUsage;
  }
  const auto configure = [&] {
    auto config = load_config(file, parents);
    if (!pin_root.empty()) config.pin_root = pin_root;
    if (!run_root.empty()) config.run_root = run_root;
    for (auto& parent : config.parents) {
      if (!on_stop.empty()) parent.on_stop = on_stop == "keep" ? OnStop::keep : OnStop::detach;
    }
    return config;
  };
  if (geteuid() != 0) throw SetupError("arplined must run as root");
  keep_libbpf_log(verbose);
  drop_capabilities();
  Clock::offset = time_offset();
  Control(configure, make_factory(configure())).run();
  return 0;
}

}  // namespace

int run_daemon(int argc, char** argv, const MakeFactory& make_factory) noexcept {
  set_up_log();
  signal(SIGPIPE, SIG_IGN);  // the reader of the log may exit at any time
  try {
    return run(argc, argv, make_factory);
  } catch (const std::exception& error) {
    log_fatal(error.what());
    return 1;
  }
}

}  // namespace arpline
