// SPDX-License-Identifier: Apache-2.0
// limit MODE --interface IF: runs one of the limits that responders are compared with, until SIGTERM.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/ether.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>

#include "base/error.hpp"
#include "program.hpp"
#include "reflector.hpp"

namespace arpline::limits {
namespace {

constexpr int kPauseMs = 100;

std::atomic<bool> stop_asked{false};
std::atomic<bool> report_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void on_signal(int number) {
  (number == SIGUSR1 ? report_asked : stop_asked) = true;
}

struct Options {
  Mode mode = Mode::pass;
  std::string interface;
  std::string first_ip;
  std::string first_mac;
  std::uint32_t count = 0;
};

const std::map<std::string, Mode>& modes() {
  static const std::map<std::string, Mode> all{
      {"xdp-tx", Mode::xdp_tx},     {"xdp-tx-hash", Mode::xdp_tx_hash}, {"xdp-tx-index", Mode::xdp_tx_index},
      {"to-child", Mode::to_child}, {"af-xdp", Mode::af_xdp},           {"pass", Mode::pass},
      {"drop", Mode::drop}};
  return all;
}

void declare(CLI::App& app, Options& options) {
  app.add_option(
         "mode", options.mode,
         "xdp-tx: answers in the XDP program; xdp-tx-hash, xdp-tx-index: only for children, looked up in a BPF "
         "hash or in arpline's index; to-child: sends who-has to its child; af-xdp: answers in user "
         "space; pass: passes everything; drop: counts and drops everything")
      ->required()
      ->transform(CLI::CheckedTransformer(modes()).description("MODE"));
  app.add_option("--interface", options.interface, "where to attach, in native mode")->required();
  app.add_option("--first-ip", options.first_ip, "to-child, xdp-tx-…: the first child's address");
  app.add_option("--first-mac", options.first_mac,
                 "to-child: the first child's MAC; the next ones follow by one");
  app.add_option("--count", options.count, "how many children there are, for the modes that have --first-ip");
}

std::uint64_t parse_mac(const std::string& text) {
  ether_addr bytes{};
  if (ether_aton_r(text.c_str(), &bytes) == nullptr) {
    throw SetupError(fmt::format("--first-mac {}: not a MAC address", text));
  }
  std::uint64_t mac = 0;
  for (const auto byte : bytes.ether_addr_octet) mac = mac << 8U | byte;
  return mac;
}

Children children_of(const Options& options) {
  const bool looks_up = options.mode == Mode::xdp_tx_hash || options.mode == Mode::xdp_tx_index;
  if (options.mode != Mode::to_child && !looks_up) return {};
  in_addr first{};
  if (inet_pton(AF_INET, options.first_ip.c_str(), &first) != 1) {
    throw SetupError(fmt::format("--first-ip {}: not an IPv4 address", options.first_ip));
  }
  return {.first_ip = ntohl(first.s_addr),
          .first_mac = looks_up ? 0 : parse_mac(options.first_mac),
          .count = options.count};
}

void report(const Program& program, const Reflector* reflector, Mode mode) {
  const auto received = reflector != nullptr ? reflector->answered() : program.handled();
  const bool answers = mode != Mode::to_child && mode != Mode::pass && mode != Mode::drop;
  fmt::print("{{\"received\":{},\"answered\":{}}}\n", received, answers ? received : 0);
  std::fflush(stdout);
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : {SIGUSR1, SIGTERM, SIGINT}) sigaction(number, &action, nullptr);
}

void run(const Options& options) {
  catch_signals();
  Program program(options.mode, children_of(options));
  program.attach(options.interface);
  std::unique_ptr<Reflector> reflector;
  if (options.mode == Mode::af_xdp) {
    reflector = std::make_unique<Reflector>(options.interface, program.sockets_fd());
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  while (!stop_asked) {
    if (reflector)
      reflector->step();
    else
      poll(nullptr, 0, kPauseMs);
    if (report_asked.exchange(false)) report(program, reflector.get(), options.mode);
  }
  report(program, reflector.get(), options.mode);
}

}  // namespace
}  // namespace arpline::limits

int main(int argc, char** argv) {
  CLI::App app{"The limits that responders are measured against."};
  arpline::limits::Options options;
  arpline::limits::declare(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    arpline::limits::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "limit: {}\n", error.what());
    return 1;
  }
  return 0;
}
