// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace arpline {

/// A MAC address as abi.h's MAC word: the first byte in the lowest 8 bits.
using Mac = std::uint64_t;
/// An IPv4 address in network byte order.
using Ipv4 = std::uint32_t;

std::string format_mac(Mac mac);        ///< "02:42:0a:00:00:01"; flags in the high 16 bits are ignored
std::string format_ipv4(Ipv4 address);  ///< "10.0.0.1"
/// `bytes`: six, in wire order.
Mac mac_from_bytes(const void* bytes);
/// Parses "02:42:0a:00:00:01", in either case; nullopt for any other text.
std::optional<Mac> mac_from_text(const std::string& text);
/// Parses "10.0.0.1"; nullopt for any other text.
std::optional<Ipv4> ipv4_from_text(const std::string& text);
/// In network byte order; more than 32 bits count as 32.
Ipv4 netmask(unsigned prefix_bits);
/// Whether `address` lies in the subnet of `network`.
bool covers(Ipv4 network, unsigned prefix_bits, Ipv4 address);

}  // namespace arpline
