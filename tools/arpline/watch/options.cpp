// SPDX-License-Identifier: Apache-2.0
#include "arpline/watch/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "arpline/usage.hpp"

namespace arpline::watch {
namespace {

// The checks return what is wrong; empty: nothing.

std::string check_address(const std::string& text) {
  return ipv4_from_text(text) ? "" : text + ": no IPv4 address";
}

std::string check_sender(const std::string& text) {
  return mac_from_text(text) || ipv4_from_text(text) ? "" : text + ": neither a MAC nor an IPv4 address";
}

std::string check_verdict(const std::string& text) {
  const auto names = outcome_names();
  if (std::ranges::find(names, text) != names.end()) return {};
  const auto guess = nearest(text, names);
  return fmt::format("{}: no such verdict{}", text, guess.empty() ? "" : ", did you mean " + guess + "?");
}

std::string at_least_one(const std::string& text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const bool good = std::from_chars(text.data(), end, number).ptr == end && number != 0;
  return good ? "" : text + ": must be a whole number, 1 or more";
}

// "90", "90s", "5m" or "2h" in seconds; nullopt for anything else, and for nothing at all.
std::optional<double> seconds_from(const std::string& text) {
  double number = 0;
  const auto [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit{rest, text.data() + text.size()};
  const double in_seconds = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (fault != std::errc{} || !(number > 0) || in_seconds == 0 || number > 1e9) return std::nullopt;
  return number * in_seconds;
}

}  // namespace

CLI::App* add_command(CLI::App& app, Request& request) {
  auto& command = *app.add_subcommand("watch", "a line for each ARP frame, live, with what was made of it");
  auto& wanted = request.wanted;
  command.add_option("--endpoint", request.endpoint, "only frames from or for this address")
      ->check(check_address);
  command.add_option("--from", request.from, "only frames of this sender: a MAC or an address")
      ->check(check_sender);
  command
      .add_option("--verdict", wanted.verdicts,
                  "only this verdict (docs/watch.md); may be given more than once")
      ->allow_extra_args(false)
      ->check(check_verdict);
  command.add_flag("--claims", wanted.claims, "only claims of an endpoint's address");
  command.add_option("--container", wanted.container,
                     "only frames from or for this container: its namespace's name, may be a shell pattern");
  command.add_option("--parent", request.parent, "only this parent; without arplined: this interface");
  command.add_option("--count", request.count, "end after so many frames")->check(at_least_one);
  command
      .add_option_function<std::string>(
          "--for",
          [&request](const std::string& text) {
            request.seconds = seconds_from(text);
            if (!request.seconds)
              throw CLI::ValidationError("--for", text + ": no time; as in 90, 90s, 5m, 2h");
          },
          "end after this time: 90, 90s, 5m, 2h")
      ->type_name("TIME");
  command.add_option(
      "--pcapng", request.pcapng,
      "write the frames to this file, each with a comment; -: to standard output, without lines");
  command.add_flag("--json", request.as_json, "an object a line, for programs");
  command.add_flag("--wide", request.wide, "whole lines: on a terminal they are cut to its width");
  return &command;
}

}  // namespace arpline::watch
