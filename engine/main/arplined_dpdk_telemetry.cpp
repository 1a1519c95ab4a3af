// SPDX-License-Identifier: Apache-2.0
#include "main/arplined_dpdk_telemetry.hpp"

#include <fmt/format.h>
#include <rte_telemetry.h>
#include <rte_version.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/gather.hpp"
#include "kernel/netns.hpp"
#include "kernel/pins.hpp"

namespace arpline {
namespace {

// DPDK limits an answer to 16 KiB, and up to 22.11 it can't nest dictionaries: the keys are "PARENT/NAME".
constexpr std::size_t kEndpointsPerAnswer = 64;

std::string& root() {
  static std::string pin_root;
  return pin_root;
}

// DPDK accepts only letters, digits and '/' in a name.
std::string name_of(const ForeignText& parent, const std::string& what) {
  auto name = parent.raw() + "/" + what;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0 && c != '/'; }, '_');
  return name;
}

void add(rte_tel_data* dict, const std::string& name, std::uint64_t value) {
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
  rte_tel_data_add_dict_uint(dict, name.c_str(), value);
#else
  rte_tel_data_add_dict_u64(dict, name.c_str(), value);
#endif
}

void add(rte_tel_data* dict, const std::string& name, const std::string& value) {
  rte_tel_data_add_dict_string(dict, name.c_str(), value.c_str());
}

// The status of each parent in this namespace; a parent whose pins go away meanwhile is left out.
std::vector<ParentStatus> parents() {
  std::vector<ParentStatus> found;
  for (const auto& text : names_in(root())) {
    PinName name;
    const auto folder = root() + "/" + text;
    if (!parse_pin_name(text, name) || name.netns_inode != own_netns_inode()) continue;
    if (const auto maps = Maps::open_pinned(folder, false))
      found.push_back(gather(*maps, name.parent, name.ifindex, folder, Clock::now()));
  }
  return found;
}

void show_endpoint(rte_tel_data* dict, const ParentStatus& parent, const EndpointStatus& endpoint) {
  const auto vlan = endpoint.vlan == 0 ? "" : fmt::format("{}/", endpoint.vlan);
  auto text = fmt::format("{} {}", format_mac(endpoint.mac),
                          endpoint.state == "not_served" ? endpoint.reason : "served");
  auto add_counter = [&text](const char* name, std::uint64_t value) {
    text += fmt::format(", {} {}", name, value);
  };
  fields(add_counter, endpoint.counters);
  add(dict, name_of(parent.parent, vlan + format_ipv4(endpoint.address)), text);
}

// Shows as many endpoints as one answer has room for. `parameters` is the number of endpoints to skip.
void show_endpoints(const char* parameters, rte_tel_data* dict) {
  std::size_t skip = 0;
  if (parameters != nullptr) std::from_chars(parameters, parameters + std::strlen(parameters), skip);
  std::size_t room = kEndpointsPerAnswer;
  for (const auto& parent : parents()) {
    for (const auto& endpoint : parent.endpoints) {
      if (skip > 0) {
        --skip;
        continue;
      }
      if (room-- == 0) return;
      show_endpoint(dict, parent, endpoint);
    }
  }
}

bool wanted(const char* parameters, const ParentStatus& parent) {
  return parameters == nullptr || *parameters == 0 || parent.parent == parameters;
}

void add(rte_tel_data* dict, const ParentStatus& parent, const std::string& prefix, const Counts& counts) {
  for (const auto& [name, value] : counts) add(dict, name_of(parent.parent, prefix + name), value);
}

void show_verdicts(const char* parameters, rte_tel_data* dict) {
  for (const auto& parent : parents()) {
    if (!wanted(parameters, parent)) continue;
    add(dict, parent, "", parent.verdicts);
    add(dict, parent, "engine_", parent.engine_verdicts);
  }
}

void show_counters(const char* parameters, rte_tel_data* dict) {
  for (const auto& parent : parents())
    if (wanted(parameters, parent)) add(dict, parent, "", by_name(parent.egress_counters));
}

void show_limits(const char* parameters, rte_tel_data* dict) {
  for (const auto& parent : parents()) {
    if (!wanted(parameters, parent)) continue;
    for (const auto& [limit, rate] : parent.limits) {
      const auto name = name_of(parent.parent, limit);
      rate ? add(dict, name, *rate) : add(dict, name, std::string{"off"});
    }
  }
}

// DPDK's telemetry thread calls this from C code, which no exception may cross.
template <auto Show>
int answer(const char*, const char* parameters, rte_tel_data* data) noexcept {
  try {
    rte_tel_data_start_dict(data);
    Show(parameters, data);
    return 0;
  } catch (const std::exception&) {
    return -EIO;
  }
}

}  // namespace

void offer_telemetry(const std::string& pin_root) {
  root() = pin_root;
  const auto offer = [](const char* command, telemetry_cb callback, const char* help) {
    if (const int error = rte_telemetry_register_cmd(command, callback, help); error != 0)
      throw_errno(std::string{"register the telemetry command "} + command, -error);
  };
  offer("/arpline/endpoints", answer<show_endpoints>,
        "The endpoints with their counters, 64 at a time. Parameter: how many to skip");
  offer("/arpline/verdicts", answer<show_verdicts>, "The verdicts. Parameter: a parent, or none for all");
  offer("/arpline/counters", answer<show_counters>,
        "What the egress program counts. Parameter: a parent, or none for all");
  offer("/arpline/limits", answer<show_limits>,
        "The limits in force, in frames a second. Parameter: a parent, or none for all");
}

}  // namespace arpline
