// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/neighbour.h>

#include <algorithm>
#include <string>
#include <vector>

#include "arpline/doctor/findings.hpp"
#include "arpline/doctor/findings/all.hpp"
#include "arpline/doctor/words.hpp"

/// A small healthy host for the tests of doctor's findings, which break one fact at a time.
namespace arpline::doctor {

inline constexpr int kNic0 = 2;
inline constexpr int kNic1 = 3;
inline constexpr int kMv0 = 7;
inline constexpr Mac kGatewayMac = 0x0a0000000001;

inline Ipv4 ip(const char* text) {
  return parse_ipv4(text).value();
}

inline Device nic(int ifindex, const char* name, const char* address) {
  Device device;
  device.ifindex = ifindex;
  device.name = name;
  device.mac = 0x020000000000U + static_cast<unsigned>(ifindex);
  device.up = device.running = true;
  if (*address != '\0') device.addresses.push_back({.address = ip(address), .prefix_bits = 24});
  return device;
}

/// A macvlan on nic0.
inline Device macvlan(const char* name, Mac mac, const char* address) {
  auto device = nic(kMv0, name, address);
  device.mac = mac;
  device.kind = "macvlan";
  device.lower = kNic0;
  device.lower_in_host = true;
  device.broadcast_queue = 1000;
  return device;
}

inline NetnsFacts container(const char* name, std::uint64_t inode, Device device) {
  NetnsFacts netns;
  netns.inode = inode;
  netns.name = name;
  netns.enter = Command{"nsenter --net={} ", fmt::format("/run/netns/{}", name)};
  netns.target = name;
  netns.routes.push_back({.destination = ip("10.0.0.0"), .prefix_bits = 24, .ifindex = device.ifindex});
  netns.routes.push_back({.ifindex = device.ifindex, .gateway = ip("10.0.0.1")});
  netns.neighbours.push_back(
      {.address = ip("10.0.0.1"), .ifindex = device.ifindex, .mac = kGatewayMac, .state = NUD_REACHABLE});
  netns.devices.push_back(std::move(device));
  return netns;
}

/// A host with nic0 (10.0.0.0/24) and nic1 (10.1.0.0/24), and the containers web (10.0.0.11) and db (10.0.0.12)
/// on nic0.
inline Facts healthy_host() {
  Facts facts;
  NetnsFacts host;
  host.inode = 1;
  host.name = "host";
  host.own = true;
  host.devices = {nic(kNic0, "nic0", "10.0.0.2"), nic(kNic1, "nic1", "10.1.0.2")};
  host.routes = {{.destination = ip("10.0.0.0"), .prefix_bits = 24, .ifindex = kNic0},
                 {.destination = ip("10.1.0.0"), .prefix_bits = 24, .ifindex = kNic1},
                 {.ifindex = kNic0, .gateway = ip("10.0.0.1")}};
  facts.namespaces = {host, container("web", 11, macvlan("mv0", 0x0200000000a1, "10.0.0.11")),
                      container("db", 12, macvlan("mv0", 0x0200000000a2, "10.0.0.12"))};
  Parent parent;
  parent.link.ifindex = kNic0;
  parent.link.name = "nic0";
  parent.link.mac = host.devices.front().mac;
  parent.link.up = parent.link.running = true;
  facts.parents.push_back(parent);
  facts.neighbours = NeighbourTable{.entries = 40, .limit = 1024};
  return facts;
}

inline NetnsFacts& web(Facts& facts) {
  return facts.namespaces[1];
}
inline Device& web_device(Facts& facts) {
  return facts.namespaces[1].devices.front();
}
inline Device& db_device(Facts& facts) {
  return facts.namespaces[2].devices.front();
}

/// The same host with a running daemon that has web's endpoint.
inline Facts served_host() {
  auto facts = healthy_host();
  auto& parent = facts.parents.front();
  parent.daemon = Daemon::answers;
  parent.pinned = parent.attached = true;
  parent.lease_seconds = 0.8;
  parent.egress = "seen";
  parent.link.xdp_mode = XdpMode::native;
  parent.endpoints.push_back({.address = ip("10.0.0.11"), .mac = 0x0200000000a1, .prefix_bits = 24});
  return facts;
}

inline std::vector<std::string> ids(const Findings& findings) {
  std::vector<std::string> list;
  for (const auto& finding : findings) list.push_back(finding.id);
  return list;
}

/// The only finding; the test fails unless there is exactly one and it has this id.
inline Finding only(const Facts& facts, const std::string& id) {
  const auto findings = examine(facts);
  EXPECT_EQ(ids(findings), std::vector<std::string>{id});
  return findings.empty() ? Finding{} : findings.front();
}

inline void expect_healthy(const Facts& facts) {
  EXPECT_EQ(ids(examine(facts)), std::vector<std::string>{});
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace arpline::doctor
