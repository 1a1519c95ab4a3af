// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "arpline/doctor/facts.hpp"

/// What several findings need: subnets, and the words for a person.
namespace arpline::doctor {

using arpline::covers;
bool covers(const InterfaceAddress& subnet, Ipv4 address);

/// "10.77.1.1/16".
std::string text(const InterfaceAddress& address);

/// nullopt: it is no such address.
std::optional<Ipv4> parse_ipv4(const std::string& text);
std::optional<Mac> parse_mac(const std::string& text);

/// "NAMESPACE/mv0".
std::string place(const NetnsFacts& netns, const Device& device);
/// "NAMESPACE/mv0 on nic0".
std::string place(const Child& child);

/// "3.2 s", "4 min", "2 h".
std::string duration(double seconds);

/// What is in force on the interface: the larger of conf/all and its own.
int arp_ignore(const NetnsFacts& netns, const Device& device);
int rp_filter(const NetnsFacts& netns, const Device& device);

/// "sysctl -w net.ipv4.conf.INTERFACE.KEY=VALUE" in the netns; a dot in the name is written as a slash, and for
/// a name that sysctl can't read the file is written.
Command set_sysctl(const NetnsFacts& netns, const ForeignText& interface, const char* key, int value);

/// nullptr: there is none.
const Device* find_device(const NetnsFacts& netns, int ifindex);

/// Whether ARP has found the neighbour, or somebody wrote it down.
bool resolved(const Neighbour& neighbour);

/// The route of the main table to `address`; nullptr: there is none.
const Route* route_to(const NetnsFacts& netns, Ipv4 address);

/// Whether the interface itself answers ARP that comes in on it for any address of its namespace.
bool answers_for_others(const NetnsFacts& netns, const Device& device);

/// An interface and where it is; empty: none.
struct Owner {
  const NetnsFacts* netns = nullptr;
  const Device* device = nullptr;
};

/// The interface of this host that has the MAC: a parent first, then one where endpoints can be, then any.
Owner owner_of(const Facts& facts, Mac mac);

}  // namespace arpline::doctor
