// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arpline/doctor/facts.hpp"
#include "arpline/doctor/findings.hpp"

/// What the findings about claims, paths and announcements share.
namespace arpline::doctor {

/// An address that arpline knows, or that a container has. Points into the facts.
struct Endpoint {
  const Parent* parent = nullptr;
  std::optional<Child> child;  ///< none: no interface of this host has its MAC
  Ipv4 address = 0;
  Mac mac = 0;
  const EndpointStatus* known = nullptr;  ///< nullptr: arpline knows nothing of it
};

/// What arpline knows first, then the rest.
std::vector<Endpoint> endpoints_of(const Facts& facts);

/// "web/mv0 on nic0 (10.0.0.5)".
std::string subject_of(const Endpoint& endpoint);
About about_of(const Endpoint& endpoint);

/// Whether the interface hears what is broadcast to the endpoint: it stands on the same one, or is that one.
bool hears_the_same_wire(const Endpoint& endpoint, const NetnsFacts& netns, const Device& device);

/// An earlier life of the same address with that MAC, the last one; nullptr: there was none.
const GoneStatus* earlier_life(const Endpoint& endpoint, Mac mac);

/// Whose MAC it is, in words.
std::string whose(const Facts& facts, const Endpoint& endpoint, Mac mac);

/// Critical within a minute, which is as long as arpline takes the address for contested; then a warning, and
/// after an hour a note.
Severity severity_of(const ClaimantStatus& claimant, bool contested);

/// "3 times, first 9.0 s ago, last 1.0 s ago, from the wire".
std::string when(const ClaimantStatus& claimant);

/// Somebody who answers for everyone: arplined says so, or it has claimed three endpoints' addresses.
bool answers_for_everyone(const Parent& parent, const ClaimantStatus& claimant);

}  // namespace arpline::doctor
