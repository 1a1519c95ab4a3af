// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/party.hpp"
#include "config/config.hpp"
#include "endpoints/census.hpp"
#include "endpoints/table.hpp"
#include "endpoints/tables.hpp"
#include "kernel/maps.hpp"
#include "kernel/own_macs.hpp"

namespace arpline {

/// Whose a MAC is. Without a namespace: the parent's own.
struct Owner {
  std::string netns;
  std::string interface;
};
/// "NAMESPACE/INTERFACE"; the parent's own has no namespace in front.
std::string place_of(const Owner& owner);
using Owners = std::unordered_map<Mac, Owner>;

/// The endpoints and MACs of one parent in its maps: what the kernel has, chosen by the configuration. Keeps
/// what every namespace last said, so that another configuration needs no new look.
class Roster {
 public:
  /// Adopts what an earlier run left in the maps, which outlive it.
  explicit Roster(const Maps& maps);

  /// Everything at once, at the start: what is left over from an earlier run is withdrawn. Throws SetupError.
  Table::Changes start(const ParentConfig& config, const Snapshot& snapshot);
  /// One namespace has exactly these children on this parent now.
  Table::Changes update(int nsid, std::vector<Interface> children, std::uint64_t heard_at);
  /// Another choice of the same interfaces.
  Table::Changes choose(const ParentConfig& config);
  /// The parent's own MAC, or a VLAN interface's, has changed. Throws SetupError.
  void set_parent(const ParentLink& parent);

  /// Of the MACs of the parent and of all children.
  Owners owners() const;
  OwnMacTable macs() const;
  /// Who has made this claim.
  Party party_of(const arpl_event& claim) const;
  /// What it broadcasts comes back from the switch: mode vepa.
  bool comes_back(Mac mac) const;

  const Table& table() const noexcept { return table_; }

 private:
  class MapOfEndpoints final : public EndpointMap {
   public:
    explicit MapOfEndpoints(const Maps& maps) : maps_(maps) {}
    bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) override {
      return maps_.put_endpoint(key, value);
    }
    void erase(const arpl_endpoint_key& key) override { maps_.erase_endpoint(key); }
    std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() override { return maps_.endpoints(); }

   private:
    const Maps& maps_;
  };

  std::vector<Desired> chosen(const std::vector<Interface>& children, std::uint64_t heard_at) const;
  std::vector<Desired> statics() const;
  // How many interfaces have it.
  struct MacUse {
    int children = 0;
    int in_vepa = 0;
  };

  void count_macs(const std::vector<Interface>& children, int by);

  MapOfEndpoints map_;
  Table table_;
  Census census_;
  ParentConfig config_;
  ParentLink parent_;
  std::map<int, std::vector<Interface>> children_;  // by nsid
  std::map<Mac, MacUse> macs_;
  OwnMacs own_macs_;
};

}  // namespace arpline
