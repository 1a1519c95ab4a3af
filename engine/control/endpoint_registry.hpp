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
#include "endpoints/model.hpp"
#include "endpoints/own_macs.hpp"
#include "endpoints/population.hpp"
#include "endpoints/table.hpp"
#include "endpoints/tables.hpp"
#include "kernel/maps.hpp"

namespace arpline {

/// The interface that has a MAC; `netns` is empty for the parent.
struct Owner {
  ForeignText netns;
  ForeignText interface;
};
/// "NAMESPACE/INTERFACE", or the interface alone for the parent.
std::string place_of(const Owner& owner);
using Owners = std::unordered_map<Mac, Owner>;

/// The tables that a registry writes; they outlive it.
struct RegistryTables {
  std::span<arpl_slot> slots;
  std::span<arpl_endpoint_stats> stats;
  std::span<arpl_index_set> index;
  std::span<std::uint64_t> filter;
  std::span<const __u64> heard;  ///< only read
  arpl_hash_keys keys;
  EndpointMap& endpoints;
  SenderMap& senders;
};

/// The endpoints and MACs of one parent in its maps: those of the kernel's interfaces that the configuration
/// chooses. It keeps the last report of every namespace, so that another configuration needs no new dump.
class EndpointRegistry {
 public:
  /// Endpoints that change at once; go_on() changes the rest, the namespaces in turn. Meanwhile no endpoint
  /// that is no longer true is answered for.
  static constexpr std::size_t kAtOnce = 1024;
  /// One namespace's share of the table: however many addresses it has, half of the table is left to the
  /// others.
  static constexpr std::size_t kShare = ARPL_MAX_ENDPOINTS / 2;
  /// And what is left for namespaces that have kFew endpoints at most: a container can make itself namespaces.
  static constexpr std::size_t kReserve = ARPL_MAX_ENDPOINTS / 16;
  static constexpr std::size_t kFew = 64;

  /// Adopts the endpoints that an earlier run left in `maps`, which outlive it.
  explicit EndpointRegistry(const Maps& maps);
  /// Works on tables that are not a kernel's.
  explicit EndpointRegistry(const RegistryTables& tables);

  /// Takes in everything at once, at the start, and withdraws endpoints of an earlier run that exist no more.
  /// Throws SetupError.
  Table::Changes start(const ParentConfig& config, const Snapshot& snapshot);
  /// Replaces the children that one namespace has on this parent.
  Table::Changes update(int nsid, std::vector<Interface> children, Instant heard_at);
  /// Applies another configuration to the same interfaces.
  Table::Changes choose(const ParentConfig& config, Instant now);
  /// Replaces the addresses that the host has itself.
  Table::Changes host_has(HostAddresses addresses, Instant heard_at);
  /// Makes the next kAtOnce of the changes that are left; done() says whether there are any.
  Table::Changes go_on();
  bool done() const noexcept { return due_.empty(); }
  /// When the first event that led to the changes that are left was received.
  Instant due_since() const noexcept { return due_since_; }
  /// The MAC of the parent or of a VLAN interface on it has changed. Throws SetupError.
  void set_parent(const ParentLink& parent);

  /// The owners of the MACs of the parent and of all children.
  Owners owners() const;
  /// The owner of this MAC; `interface` is empty when nobody on this host has it.
  Owner owner_of(Mac mac) const;
  OwnMacTable macs() const;
  /// The kind of station that has made this claim.
  ClaimOrigin claim_origin_of(const arpl_event& claim) const;
  /// True when the claim was made in the namespace that has the address: another interface of the endpoint's
  /// own kernel announces it, and takes it from nobody.
  bool is_no_claim(const arpl_event& claim) const;
  /// True when the switch sends the MAC's broadcasts back: macvlan mode vepa.
  bool comes_back(Mac mac) const;

  /// Handles a frame with a MAC of ours that came in from the wire. True when it shows, for the first time,
  /// that a station has this MAC too.
  bool on_own_mac(const arpl_event& event);
  /// MACs of containers that a station on the wire has too.
  const std::set<Mac>& shared() const noexcept { return own_macs_.shared(); }

  /// The number of addresses of each namespace that wait for room in the table, by the namespace's name.
  std::map<ForeignText, std::size_t> waiting() const;

  const Table& table() const noexcept { return table_; }
  const Population& population() const noexcept { return population_; }

 private:
  // The hash maps, which are written through system calls.
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

  // The number of interfaces that have a MAC.
  struct MacUse {
    int children = 0;
    int in_vepa = 0;
    int in_host = 0;
    std::map<int, int> namespaces{};  // by nsid
  };
  using Waiting = std::map<int, std::set<arpl_endpoint_key, KeyLess>>;  // by nsid

  std::optional<Desired> describe(const arpl_endpoint_key& key, InterfaceId who) const;
  std::optional<Desired> resolve(const arpl_endpoint_key& key);
  void set_statics(Instant heard_at);
  void take_changes(const Population::Changes& changes, Instant heard_at);
  void remember_first(const arpl_endpoint_key& key);
  void settle_key(const arpl_endpoint_key& key, Table::Changes& changes);
  std::size_t held_of(int nsid) const;
  // How many more endpoints of the namespace the table takes.
  std::size_t may_take(int nsid) const;
  void count_held(const arpl_endpoint_key& key, int by);
  void wake_waiting();
  void stop_waiting(const arpl_endpoint_key& key);
  void mark_due(int nsid, const arpl_endpoint_key& key, Instant heard_at);

  bool is_parents(Mac mac) const;
  void count_macs(int nsid, int by, std::set<Mac>& touched);
  void write_macs(const std::set<Mac>& touched);
  OwnMac own_mac_of(Mac mac, const MacUse& use) const;
  const MacUse* use_of(Mac mac) const;

  std::unique_ptr<KernelHashes> hashes_;  // nullptr when the tables are not a kernel's
  Table table_;
  Population population_;
  AddressCandidates candidates_;
  HostAddresses host_;
  ParentConfig config_;
  ParentLink parent_;
  std::vector<Desired> statics_;
  Backlog due_;
  Instant due_since_ = kNoTime;
  bool room_came_ = false;
  std::map<int, std::size_t> held_;  // entries of the table, by nsid
  Waiting waiting_;
  std::map<Mac, MacUse> macs_;
  OwnMacs own_macs_;
};

}  // namespace arpline
