// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "config/entry.hpp"
#include "config/selection.hpp"

namespace arpline {
namespace {

Duration duration_of(const ConfigEntry& entry) {
  try {
    return parse_duration(value_of<std::string>(entry, "a duration such as \"60s\""));
  } catch (const SetupError& error) {
    entry.fail(error.what());
  }
}

// A day at most, so that a time plus a period can't wrap.
Duration period_of(const ConfigEntry& entry, std::chrono::milliseconds least) {
  const auto value = duration_of(entry);
  if (value < least || value > 24h)
    entry.fail(fmt::format("must be {} to 24h", least == 0ms ? "0s" : fmt::format("{}ms", least.count())));
  return value;
}

// A period, or "0s" for none.
Duration period_or_none_of(const ConfigEntry& entry, std::chrono::milliseconds least) {
  return duration_of(entry) == 0s ? 0s : period_of(entry, least);
}

std::uint64_t number_of(const ConfigEntry& entry, std::int64_t least, std::int64_t most) {
  const auto value = value_of<std::int64_t>(entry, "a number");
  if (value < least || value > most) entry.fail(fmt::format("must be {} to {}", least, most));
  return static_cast<std::uint64_t>(value);
}

template <class T>
T choice_of(const ConfigEntry& entry, const std::map<std::string, T>& choices) {
  const auto it = choices.find(value_of<std::string>(entry, "a string"));
  if (it != choices.end()) return it->second;
  std::string names;
  for (const auto& [name, unused] : choices) names += (names.empty() ? "\"" : ", \"") + name + "\"";
  entry.fail("must be one of " + names);
}

template <class Check>
std::vector<std::string> strings_of(const ConfigEntry& array, const std::string& what, Check check) {
  if (!array.node.is_array()) array.fail(fmt::format("expected an array, each {}", what));
  std::vector<std::string> strings;
  for (const auto& node : *array.node.as_array()) {
    const ConfigEntry entry{array.file, fmt::format("{}[{}]", array.key, strings.size()), node};
    strings.push_back(value_of<std::string>(entry, what.c_str()));
    check(strings.back(), entry);
  }
  return strings;
}

std::vector<std::string> folders_of(const ConfigEntry& array) {
  return strings_of(array, "a folder", [](const std::string& folder, const ConfigEntry& entry) {
    if (!folder.starts_with('/')) entry.fail("must be an absolute path");
  });
}

// The EAL ends the process when it sees one of these.
std::vector<std::string> eal_of(const ConfigEntry& array) {
  return strings_of(array, "an argument of DPDK's EAL", [](const std::string& word, const ConfigEntry& entry) {
    if (word == "-h" || word == "--help" || word == "-v") entry.fail("is no argument for a daemon");
  });
}

// For a key that a later version will have.
constexpr auto later = [](auto&, const ConfigEntry& entry) { entry.fail("not in this version"); };

const Keys<Config> kTop{
    {"mode",
     [](Config& c, const ConfigEntry& e) {
       c.mode = choice_of<Mode>(e, {{"observe", Mode::observe}, {"answer", Mode::answer}});
     }},
    {"pair_ttl",
     [](Config& c, const ConfigEntry& e) {
       c.pair_ttl = duration_of(e);
       if (c.pair_ttl < 1s || c.pair_ttl > 1h) e.fail("must be 1s to 1h");
     }},
    {"claims",
     [](Config& c, const ConfigEntry& e) {
       c.claims = choice_of<ClaimsPolicy>(e, {{"alert", ClaimsPolicy::alert}, {"drop", ClaimsPolicy::drop}});
     }},
    {"control_group",
     [](Config& c, const ConfigEntry& e) {
       c.control_group = value_of<std::string>(e, "the name of a group");
       if (c.control_group.empty()) e.fail("must not be empty; leave it out for none");
     }},
    {"control_group_may_change",
     [](Config& c, const ConfigEntry& e) { c.control_group_may_change = value_of<bool>(e, "true or false"); }},
    {"netns_folders", [](Config& c, const ConfigEntry& e) { c.netns_folders = folders_of(e); }},
    {"eal", [](Config& c, const ConfigEntry& e) { c.eal = eal_of(e); }},
};

const Keys<ParentConfig> kParent{
    {"fast_path",
     [](ParentConfig& c, const ConfigEntry& e) { c.fast_path = value_of<bool>(e, "true or false"); }},
    {"fast_path_exclude", [](ParentConfig& c, const ConfigEntry& e) { c.fast_path_exclude = patterns_of(e); }},
    {"trunk", [](ParentConfig& c, const ConfigEntry& e) { c.trunk = value_of<bool>(e, "true or false"); }},
    {"generic_xdp",
     [](ParentConfig& c, const ConfigEntry& e) { c.generic_xdp = value_of<bool>(e, "true or false"); }},
    {"on_stop",
     [](ParentConfig& c, const ConfigEntry& e) {
       c.on_stop = choice_of<OnStop>(e, {{"detach", OnStop::detach}, {"keep", OnStop::keep}});
     }},
    {"static", [](ParentConfig& c, const ConfigEntry& e) { c.statics = static_endpoints_of(e); }},
    {"include", [](ParentConfig& c, const ConfigEntry& e) { c.include = patterns_of(e); }},
    {"exclude", [](ParentConfig& c, const ConfigEntry& e) { c.exclude = patterns_of(e); }},
    {"path_probe", [](ParentConfig& c, const ConfigEntry& e) { c.path_probe = period_or_none_of(e, 100ms); }},
    {"gateways", [](ParentConfig& c, const ConfigEntry& e) { c.gateways = hosts_of(e); }},
    {"zero_copy", later},
    {"workers", later},
    {"cpus", later},
    {"busy_poll", later},
    {"port",
     [](ParentConfig& c, const ConfigEntry& e) {
       c.port = choice_of<PortKind>(e, {{"xsk", PortKind::xsk}, {"ethdev", PortKind::ethdev}});
     }},
    {"device",
     [](ParentConfig& c, const ConfigEntry& e) {
       c.device = value_of<std::string>(e, "DPDK's arguments of a device, like net_af_xdp");
       if (c.device.empty()) e.fail("must not be empty");
     }},
    {"steering",
     [](ParentConfig& c, const ConfigEntry& e) {
       c.steering = choice_of<Steering>(e, {{"flow", Steering::flow}, {"external", Steering::external}});
     }},
};

// A number, or "off" where the limit allows it.
Rate limit_of(const LimitSpec& spec, const ConfigEntry& entry) {
  const auto word = entry.node.value_exact<std::string>();
  try {
    return parse_rate(spec, word ? *word : std::to_string(value_of<std::int64_t>(entry, "frames a second")));
  } catch (const SetupError& error) {
    throw SetupError(fmt::format("{}:{}: limits.{}", entry.file, entry.node.source().begin.line, error.what()));
  }
}

Keys<Config> keys_of_limits() {
  Keys<Config> keys;
  for (const auto& spec : limit_specs()) {
    keys.emplace(spec.name,
                 [&spec](Config& c, const ConfigEntry& e) { c.limits.set(spec, limit_of(spec, e)); });
  }
  keys.emplace("host_share", [](Config& c, const ConfigEntry& e) {
    c.host_share = choice_of<bool>(e, {{"on", true}, {"off", false}});
  });
  keys.emplace("broadcast",
               [](Config& c, const ConfigEntry& e) { add_storm_limits(ARPL_STORM_BROADCAST, e, c.storm); });
  keys.emplace("multicast",
               [](Config& c, const ConfigEntry& e) { add_storm_limits(ARPL_STORM_MULTICAST, e, c.storm); });
  return keys;
}

const Keys<Config> kLimits = keys_of_limits();

const Keys<Config> kAnnounce{
    {"on_conflict",
     [](Config& c, const ConfigEntry& e) {
       c.on_conflict = choice_of<OnConflict>(e, {{"alert", OnConflict::alert},
                                                 {"never", OnConflict::never},
                                                 {"once", OnConflict::once},
                                                 {"always", OnConflict::always}});
     }},
    {"style",
     [](Config& c, const ConfigEntry& e) {
       c.announce.style =
           choice_of<Style>(e, {{"request", Style::request}, {"reply", Style::reply}, {"both", Style::both}});
     }},
    {"repeat",
     [](Config& c, const ConfigEntry& e) {
       c.announce.repeat = static_cast<std::uint32_t>(number_of(e, 1, 100));
     }},
    {"interval", [](Config& c, const ConfigEntry& e) { c.announce.interval = period_of(e, 10ms); }},
    {"delay", [](Config& c, const ConfigEntry& e) { c.announce.delay = period_of(e, 0ms); }},
    {"refresh", [](Config& c, const ConfigEntry& e) { c.announce.refresh = period_or_none_of(e, 100ms); }},
    {"pps", [](Config& c, const ConfigEntry& e) { c.announce.pps = number_of(e, 0, 1'000'000); }},
    {"probe",
     [](Config& c, const ConfigEntry& e) {
       c.probe = choice_of<ProbeMode>(
           e, {{"off", ProbeMode::off}, {"rfc5227", ProbeMode::rfc5227}, {"fast", ProbeMode::fast}});
     }},
};

ParentConfig& parent_named(Config& config, std::string_view name) {
  const auto at = std::ranges::find(config.parents, name, &ParentConfig::name);
  if (at != config.parents.end()) return *at;
  config.parents.push_back({.name = std::string{name}});
  return config.parents.back();
}

void apply_parents(const toml::table& parents, const std::string& file, Config& config) {
  for (const auto& [name, node] : parents) {
    const ConfigEntry entry{file, "parent." + std::string{name.str()}, node};
    apply(kParent, table_of(entry), entry.key + ".", file, parent_named(config, name.str()));
  }
}

void apply_section(std::string_view key, const ConfigEntry& entry, const std::string& file, Config& config) {
  if (key == "parent") {
    apply_parents(table_of(entry), file, config);
  } else if (key == "limits") {
    apply(kLimits, table_of(entry), "limits.", file, config);
  } else if (key == "announce") {
    apply(kAnnounce, table_of(entry), "announce.", file, config);
  } else if (const auto it = kTop.find(key); it != kTop.end()) {
    it->second(config, entry);
  } else {
    entry.fail("unknown key");
  }
}

}  // namespace

Ingress ingress_of(const ParentConfig& parent) {
  constexpr std::string_view kNetAfXdp = "net_af_xdp";
  if (parent.port == PortKind::xsk) return Ingress::program;
  return parent.device.substr(0, parent.device.find(',')) == kNetAfXdp ? Ingress::program_for_dpdk
                                                                       : Ingress::engine;
}

Duration parse_duration(const std::string& text) {
  // A year at most, so that a time plus a duration can't wrap.
  constexpr std::chrono::hours kLongest{8760};
  static const std::map<std::string_view, Duration> kUnits{{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}};
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const auto unit = kUnits.find(std::string_view{rest, static_cast<std::size_t>(end - rest)});
  if (error != std::errc{} || unit == kUnits.end()) {
    throw SetupError(fmt::format(R"("{}" is no duration; write it as "500ms", "60s", "2m" or "1h")", text));
  }
  if (number > static_cast<std::uint64_t>(kLongest / unit->second))
    throw SetupError(fmt::format(R"("{}" is too long; the longest duration is "{}h")", text, kLongest.count()));
  return static_cast<Duration::rep>(number) * unit->second;
}

namespace {

constexpr std::size_t kMostBytes = 4 << 20;

// fopen() succeeds on a folder; only fread() reports EISDIR.
std::string text_of(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file{std::fopen(path.c_str(), "rbe"), std::fclose};
  if (!file) throw_errno("read " + path, errno);
  std::string text(kMostBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0)
    throw_errno("read " + path, errno, errno == EISDIR ? "name a file in it" : "");
  if (text.size() > kMostBytes) throw SetupError(path + ": too long for a configuration");
  return text;
}

}  // namespace

Config load_config(const std::string& path, const std::vector<std::string>& parents) {
  Config config;
  for (const auto& name : parents) parent_named(config, name);
  if (!path.empty()) {
    try {
      const auto root = toml::parse(text_of(path), path);
      for (const auto& [key, node] : root) {
        apply_section(key.str(), {path, std::string{key.str()}, node}, path, config);
      }
    } catch (const toml::parse_error& error) {
      throw SetupError(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
    }
  }
  if (config.parents.empty()) throw SetupError("no parent; give --parent IF or a [parent.IF] section");
  return config;
}

}  // namespace arpline
