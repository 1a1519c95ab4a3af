// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arpline/doctor/findings.hpp"

/// One function per finding, each in the file of its name. All are pure: they read the facts and append to
/// `out`.
namespace arpline::doctor {

void wrong_parent(const Facts& facts, Findings& out);
void interface_down(const Facts& facts, Findings& out);
void address_gone(const Facts& facts, Findings& out);
void address_elsewhere(const Facts& facts, Findings& out);
void duplicate(const Facts& facts, Findings& out);
void address_claimed(const Facts& facts, Findings& out);
void proxy_arp(const Facts& facts, Findings& out);
void old_mac(const Facts& facts, Findings& out);
void switch_drops_mac(const Facts& facts, Findings& out);
void gateway_unreachable(const Facts& facts, Findings& out);
void mac_outside(const Facts& facts, Findings& out);
void switch_forgets(const Facts& facts, Findings& out);
void silent_kernel(const Facts& facts, Findings& out);
void flux(const Facts& facts, Findings& out);
void managed(const Facts& facts, Findings& out);
void broadcast_queue(const Facts& facts, Findings& out);
void neighbour_table(const Facts& facts, Findings& out);
void stale_lease(const Facts& facts, Findings& out);
void hidden_egress(const Facts& facts, Findings& out);
void generic_xdp(const Facts& facts, Findings& out);
void vlan_offload(const Facts& facts, Findings& out);

}  // namespace arpline::doctor
