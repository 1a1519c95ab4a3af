// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace arpline {

enum class Mode { observe, answer };
enum class OnStop { detach, keep };

/// What the daemon is asked to do. docs/configuration.md describes every key.
struct Config {
  Mode mode = Mode::answer;
  std::uint64_t pair_ttl_ns = 60'000'000'000;
  std::string parent;
  bool trunk = false;        ///< tagged traffic arrives although no VLAN interface stands on the parent
  bool generic_xdp = false;  ///< attach in generic mode; without a ring
  OnStop on_stop = OnStop::detach;
  std::uint64_t to_child = 100;  ///< who-has a second that may go to the children for new requesters
  std::uint64_t refresh_ns = 60'000'000'000;
  std::uint64_t announce_pps = 100;
  std::string pin_root = "/sys/fs/bpf/arpline";
  std::string run_root = "/run/arpline";
};

/// Reads a TOML file. An unknown key, a key of a later version, a wrong type or value: SetupError with file,
/// line and key. `parent` as given on the command line may be empty; then the file must name one.
Config load_config(const std::string& path, const std::string& parent);

/// "60s", "500ms", "2m", "1h" in nanoseconds; SetupError otherwise.
std::uint64_t parse_duration(const std::string& text);

}  // namespace arpline
