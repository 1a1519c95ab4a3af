// SPDX-License-Identifier: Apache-2.0
#include "arpline/watch/watch.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include "arpline/usage.hpp"
#include "arpline/watch/output.hpp"
#include "arpline/watch/source.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "kernel/capabilities.hpp"

namespace arpline::watch {
namespace {

using Sources = std::vector<std::unique_ptr<Source>>;

constexpr Duration kTurn = 250ms;

// Readable when a signal asks for the end. From here on these signals end nothing by themselves, so that a
// capture is always completed; neither does a reader that goes.
Fd ending_signals() {
  sigset_t set{};
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  Fd fd{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) throw_errno("make a signalfd", errno);
  return fd;
}

// Ends this process, as it would have without ending_signals().
void end_as_a_pipe_does() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
}

void read_addresses(Request& request) {
  auto& wanted = request.wanted;
  if (!request.from.empty()) {
    wanted.from_mac = mac_from_text(request.from);
    if (!wanted.from_mac) wanted.from_address = ipv4_from_text(request.from);
  }
  if (!request.endpoint.empty()) wanted.endpoint = ipv4_from_text(request.endpoint);
}

void refuse_what_only_the_daemon_knows(const WatchRequest& wanted, const ForeignText& parent) {
  if (wanted.verdicts.empty() && !wanted.claims && wanted.container.empty()) return;
  throw NoDaemonError(fmt::format(
      "{}: no arplined runs, and only it knows of verdicts, claims and containers; start it, or leave out "
      "--verdict, --claims and --container",
      visible(parent)));
}

void add_packet_sockets(Sources& sources, const WatchRequest& wanted, const ForeignText& parent) {
  refuse_what_only_the_daemon_knows(wanted, parent);
  for (auto& source : from_packet_sockets(parent, wanted)) sources.push_back(std::move(source));
  fmt::print(
      stderr,
      "arpline: {}: no arplined runs: frames from a packet socket, without verdicts and containers; what an "
      "XDP program answers or drops is not seen\n",
      visible(parent));
}

Sources open_sources(const Request& request, const Roots& roots) {
  Sources sources;
  const auto names = find_parents(roots, request.parent, Looker::anybody);
  for (const auto& name : names) {
    if (auto source = from_daemon(roots, name, request.wanted))
      sources.push_back(std::move(source));
    else
      add_packet_sockets(sources, request.wanted, name.parent);
  }
  if (!sources.empty()) return sources;
  if (request.parent.empty())
    throw NoDaemonError(
        "arpline is not attached in this network namespace; with --parent IF the frames of an interface are "
        "shown "
        "all the same");
  add_packet_sockets(sources, request.wanted, request.parent);
  return sources;
}

std::vector<ForeignText> parents_of(const Sources& sources) {
  std::vector<ForeignText> parents;
  for (const auto& source : sources) parents.push_back(source->parent());
  return parents;
}

// Waits for frames; false when a signal has come.
bool wait_for(const Sources& sources, int signals, Duration patience) {
  std::vector<pollfd> all{{.fd = signals, .events = POLLIN, .revents = 0}};
  for (const auto& source : sources) all.push_back({.fd = source->fd(), .events = POLLIN, .revents = 0});
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  if (poll(all.data(), all.size(), static_cast<int>(milliseconds)) < 0 && errno != EINTR)
    throw_errno("poll", errno);
  return all.front().revents == 0;
}

// Passes on what waits, and forgets the sources that have ended.
void read_all(Sources& sources, Output& output) {
  const Source::Receiver receiver{.frame = [&](const WatchedFrame& frame) { output.frame(frame); },
                                  .left_out = [&](std::uint64_t frames) { output.left_out(frames); }};
  std::erase_if(sources, [&](const auto& source) {
    if (source->read(receiver)) return false;
    fmt::print(stderr, "arpline: {}: no more frames: the daemon or the interface has gone\n",
               visible(source->parent()));
    return true;
  });
}

}  // namespace

int run(Request request, const Roots& roots) {
  read_addresses(request);
  const auto signals = ending_signals();
  auto sources = open_sources(request, roots);
  Output output(request, parents_of(sources));
  drop_all_capabilities();
  output.begin();
  const auto end =
      request.seconds
          ? Clock::now() + std::chrono::duration_cast<Duration>(std::chrono::duration<double>{*request.seconds})
          : kNever;
  bool reader_is_gone = false;
  while (!reader_is_gone && !sources.empty() && !output.full() && Clock::now() < end) {
    const auto left = end == kNever ? kTurn : std::clamp(end - Clock::now(), Duration::zero(), kTurn);
    if (!wait_for(sources, signals.get(), left)) break;
    read_all(sources, output);
    reader_is_gone = !output.turn(Clock::now()) && errno == EPIPE;
  }
  if (!reader_is_gone || request.pcapng != "-") output.finish();
  if (reader_is_gone) end_as_a_pipe_does();
  return sources.empty() ? exit_code::kNoDaemon : 0;
}

}  // namespace arpline::watch
