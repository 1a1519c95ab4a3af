// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace arpline::gen {

enum class Command { run, search, print, presets };
enum class Format { table, json, csv };

/// The command line; parse_options() has checked that it is consistent.
struct Options {
  Command command = Command::run;
  std::string interface;  ///< empty only with `print` and `presets`

  std::string preset;  ///< "": none
  std::vector<std::string> traffic;
  std::string to, from;  ///< ranges of the preset
  std::uint64_t seed = 1;

  std::string source = "live";  ///< live, xsk or packet
  std::optional<double> rate;   ///< frames/s; nullopt: full speed
  bool poisson = false;
  std::uint64_t window = 0;  ///< 0: open loop
  double seconds = 10;       ///< of `run`
  std::uint64_t frames = 100'000'000;
  std::uint64_t deadline_ns = 1'000'000'000;
  std::chrono::milliseconds settle{0};  ///< pause between attaching the meter and the first frame
  std::optional<unsigned> cpu;
  bool pass_answers = false;
  bool count_only = false;   ///< count answers without matching them to requests
  int on_default_route = 0;  ///< how often the option was given

  Format format = Format::table;
  std::string output;  ///< "": standard output
  bool live = false;   ///< print the live line
  bool per_address = false;

  double loss = 0.001;       ///< of `search`: a share, 0 to 1
  double resolution = 0.05;  ///< a share, 0 to 1
  double trial_seconds = 5;
  double max_rate = 0;  ///< frames/s; 0: full speed
};

/// The options, or an exit code when there is nothing to do: 0 after --help and --version, 2 after an error,
/// which was printed to stderr.
std::variant<Options, int> parse_options(int argc, const char* const* argv);

/// The preset's specs, then those of --traffic. Throws SetupError.
std::vector<std::string> specs_of(const Options& options);

}  // namespace arpline::gen
