// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "endpoints/model.hpp"
#include "kernel/link.hpp"

namespace arpline {

/// All links of the own namespace. Among them are the parents, and the VLAN interfaces between a parent and its
/// children.
class OwnLinks {
 public:
  void put(LinkRecord link) { links_.insert_or_assign(link.ifindex, std::move(link)); }
  void erase(int ifindex) { links_.erase(ifindex); }
  void clear() { links_.clear(); }

  /// Finds a link by its name or an alternative name; nullptr: there is none.
  const LinkRecord* find(const ForeignText& name) const;
  const LinkRecord* find(int ifindex) const;

  /// A parent with the facts of its VLAN interfaces; nullopt: there is no such link.
  std::optional<ParentLink> parent(int ifindex) const;

  /// Calls f(const LinkRecord&, std::uint16_t vlan) for the parent itself and for each 802.1Q interface on it.
  template <class F>
  void each_place_on(int parent, F&& f) const {
    for (const auto& [ifindex, link] : links_)
      if (const auto place = place_of(ifindex); place && place->parent == parent) f(link, place->vlan);
  }

  /// The parent and the VLAN on which the frames of a child come in.
  struct Place {
    int parent = 0;
    std::uint16_t vlan = 0;
  };
  /// The place of a child on the link `lower`. An 802.1Q interface stands for its own lower device and its
  /// VLAN; nullopt: the interface is 802.1ad, or its lower device is in another namespace.
  std::optional<Place> place_of(int lower) const;

 private:
  std::map<int, LinkRecord> links_;
};

}  // namespace arpline
