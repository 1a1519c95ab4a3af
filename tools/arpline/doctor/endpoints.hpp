// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arpline/doctor/facts.hpp"
#include "arpline/doctor/findings.hpp"

/// Shared by the findings about claims, paths and announcements.
namespace arpline::doctor {

/// An address that arpline serves or that a container has. Points into the facts.
struct Endpoint {
  const Parent* parent = nullptr;
  std::optional<Child> child;  ///< nullopt: no interface of this host has its MAC
  Ipv4 address = 0;
  Mac mac = 0;
  const EndpointStatus* known = nullptr;  ///< nullptr: arpline does not serve it
};

/// The endpoints that arpline serves, followed by the containers' other addresses.
std::vector<Endpoint> endpoints_of(const Facts& facts);

/// "web/mv0 on nic0 (10.0.0.5)".
std::string subject_of(const Endpoint& endpoint);
About about_of(const Endpoint& endpoint);

/// Whether the device receives the endpoint's broadcasts: it has the same lower device, or is the lower device.
bool hears_the_same_wire(const Endpoint& endpoint, const NetnsFacts& netns, const Device& device);

/// The newest record of a vanished endpoint with the same address and this MAC; nullptr when there is none.
const GoneStatus* earlier_life(const Endpoint& endpoint, Mac mac);

/// The owner of the MAC, in words.
std::string whose(const Facts& facts, const Endpoint& endpoint, Mac mac);

/// Critical for a minute after the claim, as long as arpline regards the address as contested; then a warning,
/// and after an hour a note.
Severity severity_of(const ClaimantStatus& claimant, bool contested);

/// "3 times, first 9.0 s ago, last 1.0 s ago, from the wire".
std::string when(const ClaimantStatus& claimant);

/// A proxy: arplined reports the claimant as one, or it has claimed at least three endpoints' addresses.
bool answers_for_everyone(const Parent& parent, const ClaimantStatus& claimant);

}  // namespace arpline::doctor
