// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "endpoints/history.hpp"
#include "report/endpoint_status.hpp"
#include "report/status.hpp"

/// The control socket's answers other than the status, which is in status.hpp.
namespace arpline {

/// An endpoint that has vanished, from the daemon's history.
struct GoneStatus {
  ForeignText parent{};
  Ipv4 address = 0;
  std::uint16_t vlan = 0;
  std::uint8_t prefix_bits = 0;  ///< of its subnet
  Mac mac = 0;
  ForeignText netns{};
  ForeignText interface {};
  double seconds_ago = 0;
  std::optional<double> lived_seconds{};  ///< none: it was up when the daemon found it
  std::string reason{};
  std::vector<Step> trail{};  ///< in the order in which the events were received
};

void fields(auto& list, MaybeConst<GoneStatus> auto& g) {
  list("parent", g.parent);
  list("address", as_ipv4(g.address));
  list("vlan", g.vlan);
  list("prefix", g.prefix_bits);
  list("mac", as_mac(g.mac));
  list("namespace", g.netns);
  list("interface", g.interface);
  list("seconds_ago", g.seconds_ago);
  list("lived_seconds", g.lived_seconds);
  list("reason", g.reason);
  list("trail", g.trail);
}

/// The answer to {"cmd": "gone"}, latest first.
struct GoneAnswer {
  std::vector<GoneStatus> gone{};
};

void fields(auto& list, MaybeConst<GoneAnswer> auto& a) {
  list("gone", a.gone);
}

/// The endpoints of one parent that have vanished.
GoneAnswer gone_status(const History& history, const ForeignText& parent, Instant now);

/// A limit and its source.
struct LimitStatus {
  std::string name{};
  std::optional<std::uint64_t> rate{};  ///< frames a second; none: no limit
  /// The rate in force, which the room in the neighbour table may lower.
  std::optional<Number> in_force{};
  std::string from{};                       ///< "default", "file" or "set"
  std::optional<std::string> quarter_of{};  ///< the limit of which this one is a quarter
  std::string what{};
};

void fields(auto& list, MaybeConst<LimitStatus> auto& l) {
  list("name", l.name);
  list("rate", l.rate);
  list("in_force", l.in_force);
  list("from", l.from);
  list("quarter_of", l.quarter_of);
  list("what", l.what);
}

/// The answer to {"cmd": "limit"}.
struct LimitAnswer {
  ForeignText parent{};
  std::vector<LimitStatus> limits{};
  std::string note{};  ///< for people; may be empty
};

void fields(auto& list, MaybeConst<LimitAnswer> auto& a) {
  list("parent", a.parent);
  list("limits", a.limits);
  list("note", a.note);
}

/// The answer to {"cmd": "reload"}, when the configuration has been read.
struct ReloadAnswer {
  std::vector<ForeignText> parents{};    ///< all of the daemon's
  std::vector<WaitingStatus> waiting{};  ///< those of them that are not served
};

void fields(auto& list, MaybeConst<ReloadAnswer> auto& a) {
  list("parents", a.parents);
  list("waiting", a.waiting);
}

}  // namespace arpline
