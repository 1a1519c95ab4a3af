// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "endpoints/classify.hpp"

namespace arpline {

/// An interface, by the numbers that rtnetlink has for its namespace and for itself.
struct Who {
  int nsid = -1;
  int ifindex = 0;
  auto operator<=>(const Who&) const = default;
};

/// The interfaces of all namespaces on one parent, and what each of their addresses would be as an endpoint.
/// What changes costs as much as changes, but for one comparison of the namespace's addresses.
class Population {
 public:
  struct Touched {
    arpl_endpoint_key key{};
    Who who;
  };
  struct Changes {
    std::vector<Touched> came;      ///< the interface has this address now
    std::vector<Touched> went;      ///< and this one no longer
    std::vector<Touched> altered;   ///< what was said about it is wrong now: another MAC, or other flags
    std::vector<Touched> adjusted;  ///< other ARP settings, another prefix or name
    bool interfaces = false;        ///< some have come or gone, or have another MAC or mode
  };

  /// One namespace has exactly these now.
  Changes replace(int nsid, std::vector<Interface> now);

  /// What the address is there, whoever else has it; nullopt: it is not there.
  std::optional<Desired> endpoint(Who who, const arpl_endpoint_key& key) const;
  const Interface* find(Who who) const;
  /// f(const Interface&) for those of one namespace.
  template <class F>
  void each_of(int nsid, F&& f) const {
    const auto at = namespaces_.find(nsid);
    if (at == namespaces_.end()) return;
    for (const auto& [ifindex, resident] : at->second) f(resident.interface);
  }
  /// The same for all.
  template <class F>
  void each(F&& f) const {
    for (const auto& [nsid, residents] : namespaces_) each_of(nsid, f);
  }
  std::vector<int> namespaces() const;

 private:
  struct Resident {
    Interface interface;  // its addresses in the order of comes_before()
    std::uint64_t flags = 0;
    Prefixes prefixes;
  };
  using Residents = std::map<int, Resident>;  // by ifindex

  static void leave(int nsid, const Resident& old, Changes& changes);
  static void follow(int nsid, Resident& old, Interface now, std::uint64_t flags, Changes& changes);
  static void follow_addresses(int nsid, Resident& resident, std::vector<InterfaceAddress> now,
                               Changes& changes);

  std::map<int, Residents> namespaces_;
};

}  // namespace arpline
