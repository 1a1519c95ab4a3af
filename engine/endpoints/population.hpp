// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "endpoints/classify.hpp"

namespace arpline {

/// Identifies an interface by rtnetlink's numbers for its namespace and for itself.
struct InterfaceId {
  int nsid = -1;
  int ifindex = 0;
  auto operator<=>(const InterfaceId&) const = default;
};

/// The children of one parent in all namespaces, and the endpoint that each of their addresses would make. An
/// update costs one comparison of the namespace's addresses; all further work is proportional to the changes.
class Population {
 public:
  struct Touched {
    arpl_endpoint_key key{};
    InterfaceId who;
  };
  struct Changes {
    std::vector<Touched> came;      ///< the interface has got this address
    std::vector<Touched> went;      ///< the interface has lost this address
    std::vector<Touched> altered;   ///< the MAC or the slot flags have changed: the old answer is wrong now
    std::vector<Touched> adjusted;  ///< the ARP settings, the prefix or the name has changed
    bool interfaces = false;        ///< an interface came, went, or has another MAC or mode
  };

  /// `now` are all interfaces of the namespace.
  Changes replace(int nsid, std::vector<Interface> now);

  /// The endpoint that the key makes on this interface, whether or not another interface has the address too;
  /// nullopt when this interface does not have it.
  std::optional<Desired> endpoint(InterfaceId who, const arpl_endpoint_key& key) const;
  const Interface* find(InterfaceId who) const;
  /// Calls f(const Interface&) for each interface of one namespace.
  template <class F>
  void each_of(int nsid, F&& f) const {
    const auto at = namespaces_.find(nsid);
    if (at == namespaces_.end()) return;
    for (const auto& [ifindex, child] : at->second) f(child.interface);
  }
  /// Calls it for each interface of all namespaces.
  template <class F>
  void each(F&& f) const {
    for (const auto& [nsid, children] : namespaces_) each_of(nsid, f);
  }
  std::vector<int> namespaces() const;

 private:
  struct Child {
    Interface interface;  // its addresses are sorted by comes_before()
    std::uint64_t flags = 0;
    Prefixes prefixes;
  };
  using Children = std::map<int, Child>;  // by ifindex

  static void remove_interface(int nsid, const Child& old, Changes& changes);
  static void update_interface(int nsid, Child& old, Interface now, std::uint64_t flags, Changes& changes);
  static void update_addresses(int nsid, Child& child, std::vector<InterfaceAddress> now, Changes& changes);

  std::map<int, Children> namespaces_;
};

}  // namespace arpline
