// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "arpline/doctor/facts.hpp"

/// Helpers of several findings: subnets, and text for people.
namespace arpline::doctor {

using arpline::covers;
bool covers(const InterfaceAddress& subnet, Ipv4 address);

/// "10.77.1.1/16".
std::string text(const InterfaceAddress& address);

/// Parses an address; nullopt for any other text.
std::optional<Ipv4> parse_ipv4(const std::string& text);
std::optional<Mac> parse_mac(const std::string& text);

/// "NAMESPACE/mv0".
std::string place(const NetnsFacts& netns, const Device& device);
/// "NAMESPACE/mv0 on nic0".
std::string place(const Child& child);

/// "3.2 s", "4 min", "2 h".
std::string duration(double seconds);

/// The value in force on the interface: the larger of conf/all and its own.
int arp_ignore(const NetnsFacts& netns, const Device& device);
int rp_filter(const NetnsFacts& netns, const Device& device);

/// "sysctl -w net.ipv4.conf.INTERFACE.KEY=VALUE" in the namespace; a dot in the name is written as a slash. For
/// a name that sysctl can't parse, a command that writes the file below /proc/sys.
Command set_sysctl(const NetnsFacts& netns, const ForeignText& interface, const char* key, int value);

/// nullptr when the namespace has no such interface.
const Device* find_device(const NetnsFacts& netns, int ifindex);

/// Whether the entry has a MAC, from ARP or as a permanent entry.
bool resolved(const Neighbour& neighbour);

/// The route of the main table to `address`; nullptr when there is none.
const Route* route_to(const NetnsFacts& netns, Ipv4 address);

/// Whether the kernel answers ARP on this interface for addresses of the namespace's other interfaces.
bool answers_for_others(const NetnsFacts& netns, const Device& device);

/// An interface and its namespace; both nullptr: none.
struct Owner {
  const NetnsFacts* netns = nullptr;
  const Device* device = nullptr;
};

/// The interface of this host that has the MAC: parents first, then namespaces that can hold endpoints, then
/// the rest.
Owner owner_of(const Facts& facts, Mac mac);

}  // namespace arpline::doctor
