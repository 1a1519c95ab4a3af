// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/claim_origin.hpp"
#include "config/config.hpp"
#include "endpoints/address_candidates.hpp"
#include "endpoints/backlog.hpp"
#include "endpoints/host_addresses.hpp"
#include "endpoints/own_macs.hpp"
#include "endpoints/population.hpp"
#include "endpoints/table.hpp"
#include "endpoints/tables.hpp"
#include "kernel/maps.hpp"

namespace arpline {

/// Whose a MAC is. Without a namespace: the parent's own.
struct Owner {
  ForeignText netns;
  ForeignText interface;
};
/// "NAMESPACE/INTERFACE"; the parent's own has no namespace in front.
std::string place_of(const Owner& owner);
using Owners = std::unordered_map<Mac, Owner>;

/// The tables that a registry writes; all of it outlives it.
struct RegistryTables {
  std::span<arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;
  std::span<arpl_index_set> index;
  std::span<std::uint64_t> filter;
  std::span<const __u64> heard;  ///< read
  arpl_hash_keys keys;
  EndpointMap& endpoints;
  SenderMap& senders;
};

/// The endpoints and MACs of one parent in its maps: what the kernel has, chosen by the configuration. Keeps
/// what every namespace last said, so that another configuration needs no new look.
class EndpointRegistry {
 public:
  /// So many endpoints change at once; what is more is done by go_on(), the namespaces in turn. Nothing that is
  /// no longer true is answered for meanwhile.
  static constexpr std::size_t kAtOnce = 1024;
  /// One namespace's share of the table: with all its addresses it leaves the others half of it.
  static constexpr std::size_t kShare = ARPL_MAX_ENDPOINTS / 2;

  /// Adopts what an earlier run left in the maps, which outlive it.
  explicit EndpointRegistry(const Maps& maps);
  /// The same in other tables than a kernel's.
  explicit EndpointRegistry(const RegistryTables& tables);

  /// Everything at once, at the start: what is left over from an earlier run is withdrawn. Throws SetupError.
  Table::Changes start(const ParentConfig& config, const Snapshot& snapshot);
  /// One namespace has exactly these children on this parent now.
  Table::Changes update(int nsid, std::vector<Interface> children, std::uint64_t heard_at);
  /// Another choice of the same interfaces.
  Table::Changes choose(const ParentConfig& config, std::uint64_t now);
  /// The host has these addresses itself now.
  Table::Changes host_has(HostAddresses addresses, std::uint64_t heard_at);
  /// The next ones of what is to be done; without any: done() is true.
  Table::Changes go_on();
  bool done() const noexcept { return due_.empty(); }
  /// When the first event was received that what is to be done follows from.
  std::uint64_t due_since() const noexcept { return due_since_; }
  /// The parent's own MAC, or a VLAN interface's, has changed. Throws SetupError.
  void set_parent(const ParentLink& parent);

  /// Of the MACs of the parent and of all children.
  Owners owners() const;
  /// Whose that MAC is; without a name when it is nobody's here.
  Owner owner_of(Mac mac) const;
  OwnMacTable macs() const;
  /// Who has made this claim.
  ClaimOrigin claim_origin_of(const arpl_event& claim) const;
  /// It was made in the namespace that has the address: another interface of the endpoint's own kernel says so,
  /// and that claims nothing from anybody.
  bool is_no_claim(const arpl_event& claim) const;
  /// What it broadcasts comes back from the switch: mode vepa.
  bool comes_back(Mac mac) const;

  /// It came in from the wire with that sender IP. True when that shows, for the first time, that a station has
  /// this MAC too.
  bool on_own_mac(const arpl_event& event);
  /// MACs of containers that a station on the wire has too.
  const std::set<Mac>& shared() const noexcept { return own_macs_.shared(); }

  /// How many addresses of each namespace wait for room in the table, by its name.
  std::map<ForeignText, std::size_t> waiting() const;

  const Table& table() const noexcept { return table_; }
  const Population& population() const noexcept { return population_; }

 private:
  // The hashes among the maps, which are written through the kernel.
  class KernelHashes final : public EndpointMap, public SenderMap {
   public:
    explicit KernelHashes(const Maps& maps) : maps_(maps) {}
    RegistryTables tables();
    bool put(const arpl_endpoint_key& key, const arpl_endpoint& value) override {
      return maps_.put_endpoint(key, value);
    }
    void erase(const arpl_endpoint_key& key) override { maps_.erase_endpoint(key); }
    std::vector<std::pair<arpl_endpoint_key, arpl_endpoint>> all() override { return maps_.endpoints(); }
    bool put_sender(Mac mac, const arpl_sender& known) override { return maps_.put_sender(mac, known); }
    void erase_sender(Mac mac) override { maps_.erase_sender(mac); }
    std::vector<std::pair<Mac, arpl_sender>> senders() override { return maps_.senders(); }

   private:
    const Maps& maps_;
  };
  explicit EndpointRegistry(std::unique_ptr<KernelHashes> hashes);

  // How many interfaces have it.
  struct MacUse {
    int children = 0;
    int in_vepa = 0;
    int in_host = 0;
    std::map<int, int> namespaces{};  // by nsid
  };
  using Waiting = std::map<int, std::set<arpl_endpoint_key, KeyLess>>;  // by nsid

  std::optional<Desired> describe(const arpl_endpoint_key& key, Who who) const;
  std::optional<Desired> resolve(const arpl_endpoint_key& key);
  void set_statics(std::uint64_t heard_at);
  void take(const Population::Changes& changes, std::uint64_t heard_at);
  void remember_first(const arpl_endpoint_key& key);
  void settle_key(const arpl_endpoint_key& key, Table::Changes& changes);
  std::size_t held_of(int nsid) const;
  void hold(const arpl_endpoint_key& key, int by);
  void wake_waiting();
  void stop_waiting(const arpl_endpoint_key& key);
  void due(int nsid, const arpl_endpoint_key& key, std::uint64_t heard_at);

  bool is_parents(Mac mac) const;
  void count_macs(int nsid, int by, std::set<Mac>& touched);
  void put_macs(const std::set<Mac>& touched);
  OwnMac whose(Mac mac, const MacUse& use) const;
  const MacUse* use_of(Mac mac) const;

  std::unique_ptr<KernelHashes> hashes_;  // none where the tables are not a kernel's
  Table table_;
  Population population_;
  AddressCandidates candidates_;
  HostAddresses host_;
  ParentConfig config_;
  ParentLink parent_;
  std::vector<Desired> statics_;
  Backlog due_;
  std::uint64_t due_since_ = 0;
  bool room_came_ = false;
  std::map<int, std::size_t> held_;  // entries of the table, by nsid
  Waiting waiting_;
  std::map<Mac, MacUse> macs_;
  OwnMacs own_macs_;
};

}  // namespace arpline
