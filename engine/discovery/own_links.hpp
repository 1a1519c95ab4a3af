// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "endpoints/model.hpp"
#include "kernel/link.hpp"

namespace arpline {

/// All links of the own namespace: the parents are among them, and what stands between a parent and its
/// children.
class OwnLinks {
 public:
  void put(LinkRecord link) { links_.insert_or_assign(link.ifindex, std::move(link)); }
  void erase(int ifindex) { links_.erase(ifindex); }
  void clear() { links_.clear(); }

  /// By name, an alternative one too; nullptr: there is none.
  const LinkRecord* find(const ForeignText& name) const;
  const LinkRecord* find(int ifindex) const;

  /// A parent and all that is to be known of it; nullopt: there is no such link.
  std::optional<ParentLink> parent(int ifindex) const;

  /// f(const LinkRecord&, std::uint16_t vlan) for the parent itself and for each 802.1Q interface on it.
  template <class F>
  void each_place_on(int parent, F&& f) const {
    for (const auto& [ifindex, link] : links_)
      if (const auto place = place_of(ifindex); place && place->parent == parent) f(link, place->vlan);
  }

  /// Where a child's frames come in that stands on the link `lower`.
  struct Place {
    int parent = 0;
    std::uint16_t vlan = 0;
  };
  /// The link itself, or the one below an 802.1Q interface; nullopt: on a VLAN that no frame of one tag is in.
  std::optional<Place> place_of(int lower) const;

 private:
  std::map<int, LinkRecord> links_;
};

}  // namespace arpline
