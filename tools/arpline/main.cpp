// SPDX-License-Identifier: Apache-2.0
// arpline: the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "arpline/check.hpp"
#include "arpline/detach.hpp"
#include "arpline/doctor/doctor.hpp"
#include "arpline/limit.hpp"
#include "arpline/preflight.hpp"
#include "arpline/reload.hpp"
#include "arpline/replay/replay.hpp"
#include "arpline/roots.hpp"
#include "arpline/status.hpp"
#include "arpline/usage.hpp"
#include "arpline/watch/options.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/foreign_text.hpp"
#include "base/output.hpp"
#include "kernel/time_offset.hpp"

namespace {

using namespace arpline;

struct StatusRequest {
  std::string parent;
  bool as_json = false;
  bool gone = false;
  bool senders = false;
};

CLI::App* add_status(CLI::App& app, StatusRequest& shown) {
  auto& command = *app.add_subcommand("status", "one row per endpoint; exit code 3 when a daemon is down");
  command.add_option("--parent", shown.parent, "only this parent");
  command.add_flag("--json", shown.as_json, "for programs");
  command.add_flag("--gone", shown.gone, "the endpoints that have vanished, and what befell them");
  command.add_flag("--senders", shown.senders, "what the host and each container have sent, the busiest first");
  return &command;
}

CLI::App* add_limit(CLI::App& app, LimitRequest& wanted, bool& as_json) {
  auto& command = *app.add_subcommand(
      "limit", "the limits in force; with NAME and VALUE changes one until the next reload or restart");
  auto* name = command.add_option("NAME", wanted.name, "of a limit (docs/limits.md)");
  auto* value =
      command.add_option("VALUE", wanted.value, "frames a second; \"off\" for those that are off by default")
          ->needs(name);
  command.add_flag("--reset", wanted.reset, "as the configuration has it: NAME, or all")->excludes(value);
  command.add_option("--parent", wanted.parent, "only this parent");
  command.add_flag("--json", as_json, "for programs");
  return &command;
}

CLI::App* add_replay(CLI::App& app, replay::Request& request) {
  auto& command = *app.add_subcommand("replay", "what arpline would have made of a capture (docs/replay.md)");
  auto& network = request.network;
  command.add_option("FILE", request.file, "pcapng or pcap, Ethernet; -: standard input")->required();
  command
      .add_option("--endpoint", network.endpoints,
                  "IP[/PREFIX]=MAC[@VLAN] of a container; may be given more than once")
      ->allow_extra_args(false);
  auto* config =
      command.add_option("--config", network.config, "TOML configuration: limits, static endpoints")
          ->check([](const std::string& name) { return std::string{name.empty() ? "a name is missing" : ""}; });
  command.add_option("--parent", network.parent, "which one of the configuration's")->needs(config);
  command
      .add_option("--like", network.like,
                  "endpoints, limits and MACs of this interface, which arpline serves now")
      ->excludes(config);
  command
      .add_option("--own-mac", network.own_macs,
                  "a MAC of the host beside its containers' (--like knows them); may be given more than once")
      ->allow_extra_args(false);
  command.add_flag(
      "--confirmed", request.confirmed,
      "the containers' kernels answer whatever is handed to them at once; without it they have answered "
      "what the capture has replies to");
  command.add_flag("--inbound", request.inbound,
                   "every frame came in from the wire (tcpdump -Q in); without it those of own MACs were sent");
  auto* each = command.add_flag("--frames", request.each, "a line for each ARP frame, before the sums");
  command.add_flag("--json", request.as_json, "for programs")->excludes(each);
  command.add_option(
      "--write", request.write,
      "a pcapng file of the ARP frames, each with its verdict as a comment, and arpline's answers");
  command.add_flag("--as-root", request.as_root,
                   "run although root asks; it needs no privileges but with --like, and reads as nobody");
  return &command;
}

int run(int argc, char** argv) {
  CLI::App app{"arpline: looks at, and ends, what arplined does on a parent NIC", "arpline"};
  app.fallthrough();  // --pin-root and --run-root may follow the command
  Roots roots;
  std::string interface;
  std::string file;
  std::vector<std::string> parents;
  bool as_json = false;
  int result = 0;
  app.set_version_flag("--version", ARPLINE_VERSION);
  app.add_option("--pin-root", roots.pins, "folder of the pins")->capture_default_str();
  app.add_option("--run-root", roots.run, "folder of locks and control sockets")->capture_default_str();
  app.require_subcommand(1);

  StatusRequest shown;
  add_status(app, shown)->callback([&] {
    result = shown.gone ? gone(shown.parent, shown.as_json, roots)
                        : status(shown.parent, shown.as_json, shown.senders, roots);
  });

  auto* read = app.add_subcommand("check", "whether arplined would take this configuration; changes nothing");
  read->add_option("FILE", file, "TOML configuration (docs/configuration.md)")->required();
  read->add_option("--parent", parents, "as arplined is given it; may be given more than once");
  read->add_flag("--json", as_json, "for programs");
  read->callback([&] { result = check(file, parents, as_json); });

  auto* before =
      app.add_subcommand("preflight", "what would stand in the way on this interface; changes nothing");
  before->add_option("IF", interface, "the parent")->required();
  before->add_flag("--json", as_json, "for programs");
  before->callback([&] { result = preflight(interface, as_json); });

  auto* examination =
      app.add_subcommand("doctor", "why a container cannot be reached; exit code 1: a warning, 2: critical");
  doctor::Request request;
  examination->add_option("ENDPOINT", request.endpoint,
                          "an address, a MAC address, an interface or a namespace");
  examination->add_option("--parent", request.parent, "only this parent");
  examination->add_flag("--json", as_json, "for programs");
  examination->callback([&] { result = doctor::run(request, as_json, roots); });

  auto* end = app.add_subcommand("detach", "take arpline off this interface, with the daemon alive or dead");
  end->add_option("IF", interface, "the parent")->required();
  end->callback([&] { result = detach(interface, roots); });

  auto* again =
      app.add_subcommand("reload", "the daemon reads its configuration again, without losing a frame");
  again->add_flag("--json", as_json, "for programs");
  again->callback([&] { result = reload(as_json, roots); });

  LimitRequest wanted;
  add_limit(app, wanted, as_json)->callback([&] { result = limit(wanted, as_json, roots); });

  watch::Request watched;
  watch::add_command(app, watched)->callback([&] { result = watch::run(watched, roots); });

  replay::Request capture;
  add_replay(app, capture)->callback([&] { result = replay::run(capture, roots); });

  try {
    auto words = command_first(app, {argv + 1, argv + argc});
    std::ranges::reverse(words);  // as CLI11 takes them
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help or --version
    fmt::print(stderr, "arpline: {}\n", visible_line(usage_text(app, error)));
    return exit_code::kUsage;
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Clock::offset = time_offset();
  } catch (const SetupError&) {
    // Without root no map is read, and all times come from the daemon.
  }
  try {
    const int code = run(argc, argv);
    finish_stdout();
    return code;
  } catch (const NoDaemonError& error) {
    fmt::print(stderr, "arpline: {}\n", visible_line(error.what()));
    return exit_code::kNoDaemon;
  } catch (const std::exception& error) {
    fmt::print(stderr, "arpline: {}\n", visible_line(error.what()));
    return exit_code::kFailed;
  }
}
