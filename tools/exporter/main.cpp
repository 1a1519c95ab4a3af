// SPDX-License-Identifier: Apache-2.0
// arpline-exporter: arplined's metrics for Prometheus, over HTTP. Without privileges: it asks at the control
// sockets as a member of control_group.
#include <fmt/format.h>
#include <prometheus/exposer.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "base/output.hpp"
#include "exporter/collector.hpp"
#include "exporter/daemons.hpp"
#include "exporter/listen.hpp"
#include "kernel/capabilities.hpp"

namespace {

using namespace arpline;

struct Options {
  std::string listen = exporter::kDefaultListen;
  std::string run_root = "/run/arpline";
  std::size_t endpoints = 1000;
};

std::unique_ptr<prometheus::Exposer> serve(const std::string& address) {
  try {
    return std::make_unique<prometheus::Exposer>(exporter::server_options(address));
  } catch (const std::runtime_error& error) {
    throw SetupError(fmt::format("listen at {}: {}; see who has it with: ss -ltnp", address, error.what()));
  }
}

// Blocks the signals that end it before the server's threads start: they are taken here.
void run(const Options& options) {
  sigset_t ending{};
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  drop_all_capabilities();
  exporter::Daemons daemons{options.run_root, options.endpoints};
  const auto collector = std::make_shared<exporter::Collector>([&daemons] { return daemons.ask(); });
  const auto server = serve(options.listen);
  server->RegisterCollectable(collector);
  sd_notify(0, "READY=1");
  int signal = 0;
  sigwait(&ending, &signal);
}

int run(int argc, char** argv) {
  CLI::App app{"arpline-exporter: what arplined counts, for Prometheus (docs/metrics.md)"};
  Options options;
  app.set_version_flag("--version", ARPLINE_VERSION);
  app.add_option("--listen", options.listen, "ADDRESS:PORT; the metrics are at /metrics")
      ->capture_default_str()
      ->check(exporter::refuse_listen);
  app.add_option("--endpoints", options.endpoints,
                 "endpoints of a parent with series of their own; 0: none, only sums")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{0}, kMostEndpointMetrics));
  app.add_option("--run-root", options.run_root, "folder of arplined's control sockets")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help or --version
    fmt::print(stderr, "arpline-exporter: {}; see --help\n", visible_line(error.what()));
    return 2;
  }
  run(options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int code = run(argc, argv);
    finish_stdout();
    return code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "arpline-exporter: {}\n", visible_line(error.what()));
    return 1;
  }
}
